import { setTimeout as later } from 'node:timers/promises';
import { config } from 'rxjs';
import { collectGarbage, heapBytes } from '../../spec/support/garbage.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** Inputs between two turns of the event loop, in which stray errors come out. */
export const batchInputs = 256;
/** An input that takes too long is measured again: the machine may be busy. */
const remeasuredTimes = 3;
/** Inputs that warm up, before memory is measured: code is compiled, and caches fill. */
const warmUpInputs = 500;

/** What an input may cost, and all of them together. */
export interface Limits {
  /** How long one input may take. */
  readonly inputMs: number;
  /** How much memory may have grown at the end, whatever the number of inputs. */
  readonly grownBytes: number;
}

const limitsDefault: Limits = { inputMs: 250, grownBytes: 8 * 2 ** 20 };

/** Which inputs of a target. */
export interface Inputs {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
}

/** An input that breaks something. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  /** Absent for an input that was given as bytes. */
  readonly index?: number;
  /** The shortest input that was found; none when what broke is not of one input. */
  readonly input?: Uint8Array;
  readonly text: string;
}

/** How a run went. */
export interface Result {
  readonly inputs: number;
  readonly ms: number;
  readonly slowestMs: number;
  readonly grownBytes: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly finding?: Finding;
}

/** Errors that nobody has handled since the last call of `take`. */
class Strays {
  #errors: unknown[] = [];
  readonly #note = (error: unknown): number => this.#errors.push(error);
  readonly #onRxjs = config.onUnhandledError;

  constructor() {
    process.on('unhandledRejection', this.#note);
    process.on('uncaughtException', this.#note);
    config.onUnhandledError = this.#note;
  }

  /** Lets the event loop turn, and timers of no length go off. */
  async take(): Promise<readonly unknown[]> {
    await later(1);
    const errors = this.#errors;
    this.#errors = [];
    return errors;
  }

  stop(): void {
    process.off('unhandledRejection', this.#note);
    process.off('uncaughtException', this.#note);
    config.onUnhandledError = this.#onRxjs;
  }
}

/** Runs a target, and knows what became of it. */
class Run {
  readonly outcomes = new Map<string, number>();
  slowestMs = 0;
  readonly #target: Target;
  readonly #strays: Strays;
  readonly #inputMsMax: number;

  constructor(target: Target, strays: Strays, { inputMs }: Limits) {
    this.#target = target;
    this.#strays = strays;
    this.#inputMsMax = inputMs;
  }

  /** What an input breaks, but for stray errors, which may come later; undefined if nothing. */
  async problem(input: Uint8Array): Promise<string | undefined> {
    const beganMs = performance.now();
    try {
      const outcome = this.#target.check(input);
      const word = typeof outcome === 'string' ? outcome : await outcome;
      this.outcomes.set(word, (this.outcomes.get(word) ?? 0) + 1);
    } catch (thrown) {
      return described(thrown);
    }
    const ms = performance.now() - beganMs;
    if (ms > this.#inputMsMax) return this.#slowness(input, ms);
    this.slowestMs = Math.max(this.slowestMs, ms);
    return undefined;
  }

  /** The same, with stray errors. */
  async wholeProblem(input: Uint8Array): Promise<string | undefined> {
    const problem = await this.problem(input);
    const [stray] = await this.#strays.take();
    return problem ?? (stray === undefined ? undefined : `nobody handles ${described(stray)}`);
  }

  async #slowness(input: Uint8Array, firstMs: number): Promise<string | undefined> {
    let leastMs = firstMs;
    for (let times = 0; times < remeasuredTimes; times += 1) {
      const beganMs = performance.now();
      await this.#target.check(input);
      leastMs = Math.min(leastMs, performance.now() - beganMs);
    }
    this.slowestMs = Math.max(this.slowestMs, leastMs);
    return leastMs > this.#inputMsMax ? `it takes more than ${this.#inputMsMax} ms` : undefined;
  }

  /** The first of these inputs that breaks something, made as short as it still does. */
  async find(inputs: Inputs): Promise<Finding | undefined> {
    for (let index = inputs.from; index < inputs.from + inputs.count; index += 1) {
      const input = inputOf(this.#target, inputs.seed, index);
      const text = await this.wholeProblem(input);
      if (text !== undefined) return this.finding({ seed: inputs.seed, index, input, text });
    }
    return undefined;
  }

  async finding(found: Omit<Finding, 'target'> & { input: Uint8Array }): Promise<Finding> {
    const fails = async (input: Uint8Array): Promise<boolean> =>
      (await this.wholeProblem(input)) !== undefined;
    const input = await shrink(found.input, fails);
    const text = (await this.wholeProblem(input)) ?? found.text;
    return { ...found, target: this.#target.name, input, text };
  }
}

/** Plain bytes: a `Buffer` is sliced without a copy, and shrinking would change it. */
function inputOf(target: Target, seed: number, index: number): Uint8Array {
  return new Uint8Array(target.generate(Random.of(seed, index)));
}

/** The text of an error, with where it was thrown. */
function described(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { stack = String(thrown), cause } = thrown;
  const lines = stack.split('\n').slice(0, 8).join('\n');
  return cause === undefined ? lines : `${lines}\ncaused by ${described(cause)}`;
}

/** How a target is run. */
export interface FuzzOptions {
  /** Hears where each batch begins, before it does. */
  readonly onBatch?: (index: number) => void;
  /** Inputs of a batch. */
  readonly batch?: number;
  readonly limits?: Limits;
}

/** Gives a target its inputs, up to the first that breaks something. */
export async function fuzz(
  target: Target,
  { seed, from, count }: Inputs,
  { onBatch, batch = batchInputs, limits = limitsDefault }: FuzzOptions = {},
): Promise<Result> {
  const strays = new Strays();
  const run = new Run(target, strays, limits);
  const beganMs = performance.now();
  let finding: Finding | undefined;
  let heapAtFirst = await heapInUse();
  let heapAt = from;
  let index = from;
  while (index < from + count && finding === undefined) {
    const inputs = { seed, from: index, count: Math.min(batch, from + count - index) };
    onBatch?.(index);
    finding = await batchFinding(target, run, strays, inputs);
    index += inputs.count;
    if (heapAt === from && index - from >= warmUpInputs) {
      heapAtFirst = await heapInUse();
      heapAt = index;
    }
  }
  const grownBytes = heapAt > from ? (await heapInUse()) - heapAtFirst : 0;
  strays.stop();
  if (grownBytes > limits.grownBytes) {
    const text = `memory grew by ${grownBytes} bytes in ${index - heapAt} inputs`;
    finding ??= { target: target.name, seed, index: heapAt, text };
  }
  const { outcomes, slowestMs } = run;
  const ms = performance.now() - beganMs;
  return { inputs: index - from, ms, slowestMs, grownBytes, outcomes, ...(finding && { finding }) };
}

/** Runs a batch at once; when something is wrong with it, once more, input by input. */
async function batchFinding(
  target: Target,
  run: Run,
  strays: Strays,
  { seed, from, count }: Inputs,
): Promise<Finding | undefined> {
  for (let index = from; index < from + count; index += 1) {
    const input = inputOf(target, seed, index);
    const text = await run.problem(input);
    if (text !== undefined) return run.finding({ seed, index, input, text });
  }
  const [stray] = await strays.take();
  if (stray === undefined) return undefined;
  const text = `nobody handles ${described(stray)}`;
  const alone = await run.find({ seed, from, count });
  return alone ?? { target: target.name, seed, index: from, text };
}

/** Checks one input that is given as bytes, and does not shrink it. */
export async function check(target: Target, input: Uint8Array): Promise<Finding | undefined> {
  const strays = new Strays();
  const text = await new Run(target, strays, limitsDefault).wholeProblem(input);
  strays.stop();
  return text === undefined ? undefined : { target: target.name, seed: 0, input, text };
}

async function heapInUse(): Promise<number> {
  // What the first collection finalizes, the second one frees.
  await collectGarbage();
  const heap = await heapBytes();
  const { external } = process.memoryUsage();
  return heap + external;
}
