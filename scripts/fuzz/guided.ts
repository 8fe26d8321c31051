import { Coverage } from './coverage.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { Source } from './run.ts';
import type { Target } from './target.ts';

/** Inputs between two readings of the coverage: each reading takes about as long as 64 inputs. */
export const guidedBatchInputs = 64;
/** Longer inputs are cut: they would be slow, and reach nothing more. */
const inputBytesMax = 4 * 1024;
const nothing = new Uint8Array(0);

/**
 * Inputs that follow what they reach: one that runs a block of code that none ran before is kept,
 * and later ones are made of those that were kept. The same seed gives the same inputs, as long as
 * V8 counts the same: it does not count a function that it has not compiled yet.
 */
export class Guided implements Source {
  /** The inputs that reached something new, the oldest first. */
  readonly corpus: Uint8Array[] = [];
  readonly #target: Target;
  readonly #seed: number;
  readonly #coverage: Coverage;

  /** @param isCounted chooses the scripts whose blocks count. Default: those of the project */
  constructor(target: Target, seed: number, isCounted?: (url: string) => boolean) {
    this.#target = target;
    this.#seed = seed;
    this.#coverage = new Coverage(isCounted);
  }

  /** How many blocks of code have run. */
  get blocks(): number {
    return this.#coverage.blocks;
  }

  input(index: number): Uint8Array {
    const random = Random.of(this.#seed, index);
    const fresh = (): Uint8Array => this.#target.generate(random);
    if (this.corpus.length === 0 || random.once(4)) return new Uint8Array(fresh());
    const other = random.once(2) ? fresh() : this.#kept(random);
    // The younger half reaches deeper, so it is preferred.
    return new Uint8Array(mutate(this.#kept(random), random, other)).subarray(0, inputBytesMax);
  }

  /** The shorter one of two: it is faster, and a change of it is more likely to matter. */
  #kept(random: Random): Uint8Array {
    const one = (): Uint8Array => this.corpus[random.below(this.corpus.length)] ?? nothing;
    const [first, second] = [one(), one()];
    return first.length <= second.length ? first : second;
  }

  async ended(from: number, count: number): Promise<void> {
    const reading = this.#coverage.read();
    if (!this.#coverage.isNew(reading)) return;
    await this.#keep(Array.from({ length: count }, (_, at) => this.input(from + at)));
    // What ran once only, such as the set-up of a module, is not new again.
    this.#coverage.add(reading);
  }

  /** Keeps the inputs that reach something new, which it finds by halves. */
  async #keep(inputs: readonly Uint8Array[]): Promise<void> {
    this.#coverage.read();
    for (const input of inputs) await this.#target.check(input);
    const reading = this.#coverage.read();
    if (!this.#coverage.isNew(reading)) return;
    if (inputs.length === 1) {
      this.corpus.push(...inputs);
      this.#coverage.add(reading);
      return;
    }
    const half = inputs.length >> 1;
    await this.#keep(inputs.slice(0, half));
    await this.#keep(inputs.slice(half));
  }

  stop(): void {
    this.#coverage.stop();
  }
}
