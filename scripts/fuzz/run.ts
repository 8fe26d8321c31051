import { setTimeout as later } from 'node:timers/promises';
import { config } from 'rxjs';
import { collectGarbage, heapBytes } from '../../spec/support/garbage.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** Inputs per turn of the event loop, in which stray errors surface. */
export const batchInputs = 256;
/** A slow input is measured again, because the machine may be busy. */
const remeasuredTimes = 3;
/** Inputs before memory is first measured, so that code is compiled and caches are full. */
const warmUpInputs = 500;

/** Limits for a single input and for a whole run. */
export interface Limits {
  /** How long one input may take. */
  readonly inputMs: number;
  /** How much memory may grow over a run, regardless of the number of inputs. */
  readonly grownBytes: number;
}

const limitsDefault: Limits = { inputMs: 250, grownBytes: 8 * 2 ** 20 };

/** Where the inputs of a run come from. */
export interface Source {
  /** The input with this number: the same one until `ended` is called. */
  readonly input: (index: number) => Uint8Array;
  /** Called after each batch in which nothing is wrong, with its first index and its length. */
  readonly ended?: (from: number, count: number) => Promise<void>;
}

/** A range of inputs of a target. */
export interface Inputs {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
}

/** An input that fails a check. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  /** Absent if the input was given as bytes. */
  readonly index?: number;
  /** The shortest failing input found; absent if no single input causes the failure. */
  readonly input?: Uint8Array;
  readonly text: string;
}

/** The result of a run. */
export interface Result {
  readonly inputs: number;
  readonly ms: number;
  readonly slowestMs: number;
  readonly grownBytes: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly finding?: Finding;
}

/** Collects unhandled errors since the last call of `take`. */
class Strays {
  #errors: unknown[] = [];
  readonly #note = (error: unknown): number => this.#errors.push(error);
  readonly #onRxjs = config.onUnhandledError;

  constructor() {
    process.on('unhandledRejection', this.#note);
    process.on('uncaughtException', this.#note);
    config.onUnhandledError = this.#note;
  }

  /** Waits for a turn of the event loop, including timers without delay, and returns the errors. */
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

/**
 * Milliseconds from now on, without those in which other programs had the processor: what this
 * process used if that is less. A hang is for `supervised` to find.
 */
function stopwatch(): () => number {
  const beganMs = performance.now();
  const before = process.cpuUsage();
  return () => {
    const ms = performance.now() - beganMs;
    const { user, system } = process.cpuUsage(before);
    return Math.min(ms, (user + system) / 1_000);
  };
}

/** Runs a target and records the outcomes. */
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

  /**
   * Describes what is wrong with an input, if anything. Excludes stray errors, which may surface
   * later.
   */
  async problem(input: Uint8Array): Promise<string | undefined> {
    const elapsedMs = stopwatch();
    try {
      const outcome = this.#target.check(input);
      const word = typeof outcome === 'string' ? outcome : await outcome;
      this.outcomes.set(word, (this.outcomes.get(word) ?? 0) + 1);
    } catch (thrown) {
      return described(thrown);
    }
    const ms = elapsedMs();
    if (ms > this.#inputMsMax) return this.#slowness(input, ms);
    this.slowestMs = Math.max(this.slowestMs, ms);
    return undefined;
  }

  /** The same, including stray errors. */
  async wholeProblem(input: Uint8Array): Promise<string | undefined> {
    const problem = await this.problem(input);
    const [stray] = await this.#strays.take();
    return problem ?? (stray === undefined ? undefined : `nobody handles ${described(stray)}`);
  }

  async #slowness(input: Uint8Array, firstMs: number): Promise<string | undefined> {
    let leastMs = firstMs;
    for (let times = 0; times < remeasuredTimes; times += 1) {
      const elapsedMs = stopwatch();
      await this.#target.check(input);
      leastMs = Math.min(leastMs, elapsedMs());
    }
    this.slowestMs = Math.max(this.slowestMs, leastMs);
    return leastMs > this.#inputMsMax ? `it takes more than ${this.#inputMsMax} ms` : undefined;
  }

  /** Finds the first failing input, and shrinks it. */
  async find(inputs: Inputs, source: Source): Promise<Finding | undefined> {
    for (let index = inputs.from; index < inputs.from + inputs.count; index += 1) {
      const input = source.input(index);
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

/** The inputs that a target generates, each from the seed and its number alone. */
function generated(target: Target, seed: number): Source {
  // A plain `Uint8Array`: slices of a `Buffer` share its memory, so shrinking would modify them.
  return { input: (index) => new Uint8Array(target.generate(Random.of(seed, index))) };
}

/** The message of an error, with the top of its stack. */
function described(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { stack = String(thrown), cause } = thrown;
  const lines = stack.split('\n').slice(0, 8).join('\n');
  return cause === undefined ? lines : `${lines}\ncaused by ${described(cause)}`;
}

/** Options for running a target. */
export interface FuzzOptions {
  /** Default: what the target generates. */
  readonly source?: Source;
  /** Called with the first index of each batch, and its length, before it starts. */
  readonly onBatch?: (index: number, count: number) => void | Promise<void>;
  /** Inputs per batch. */
  readonly batch?: number;
  readonly limits?: Limits;
}

/** Runs a target with its inputs until one fails. */
export async function fuzz(
  target: Target,
  { seed, from, count }: Inputs,
  {
    source = generated(target, seed),
    onBatch,
    batch = batchInputs,
    limits = limitsDefault,
  }: FuzzOptions = {},
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
    await onBatch?.(index, inputs.count);
    finding = await batchFinding({ target, run, strays, source }, inputs);
    if (finding === undefined) await source.ended?.(index, inputs.count);
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

interface Parts {
  readonly target: Target;
  readonly run: Run;
  readonly strays: Strays;
  readonly source: Source;
}

/** Runs a batch. If a stray error surfaces, runs it again, input by input, to find the cause. */
async function batchFinding(
  { target, run, strays, source }: Parts,
  { seed, from, count }: Inputs,
): Promise<Finding | undefined> {
  for (let index = from; index < from + count; index += 1) {
    const input = source.input(index);
    const text = await run.problem(input);
    if (text !== undefined) return run.finding({ seed, index, input, text });
  }
  const [stray] = await strays.take();
  if (stray === undefined) return undefined;
  const text = `nobody handles ${described(stray)}`;
  const alone = await run.find({ seed, from, count }, source);
  return alone ?? { target: target.name, seed, index: from, text };
}

/** Checks a single input given as bytes, without shrinking it. */
export async function check(target: Target, input: Uint8Array): Promise<Finding | undefined> {
  const strays = new Strays();
  const text = await new Run(target, strays, limitsDefault).wholeProblem(input);
  strays.stop();
  return text === undefined ? undefined : { target: target.name, seed: 0, input, text };
}

async function heapInUse(): Promise<number> {
  // The second collection frees what the first one finalized.
  await collectGarbage();
  const heap = await heapBytes();
  const { external } = process.memoryUsage();
  return heap + external;
}
