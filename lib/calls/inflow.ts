import type { Codec, FlowSink } from '../index.ts';

/** The window of a new call: a consumer may leave after its first value. */
const windowAtFirst = 1_024;
/** In how many portions a steady consumer returns its credit. */
const portionsPerWindow = 4;

/** Values on their way from the other side to a consumer here, never more than it wants. */
export class Inflow<T> {
  readonly #sink: FlowSink<T>;
  readonly #codec: Codec<T>;
  readonly #windowMax: number;
  /** The most values to be granted at a time. Doubles when that many have been consumed. */
  #window: number;
  #consumed = 0;
  /** How many more values the other side may send. */
  #granted = 0;

  /** @param windowMax the most values that are ever granted at a time */
  constructor(sink: FlowSink<T>, codec: Codec<T>, windowMax: number) {
    this.#sink = sink;
    this.#codec = codec;
    this.#windowMax = windowMax;
    this.#window = Math.min(windowAtFirst, windowMax);
  }

  /**
   * How much credit to send now: what the consumer wants, in portions of at least a quarter of what
   * it may have. So a steady consumer does not cause a frame for each value, and the other side
   * does not run out while a portion is on its way.
   */
  get due(): number {
    const allowed = Math.min(this.#sink.wanted, this.#window);
    const count = allowed - this.#granted;
    return count > 0 && portionsPerWindow * count >= allowed ? count : 0;
  }

  /** Returns the credit that is due, which is now granted. */
  grant(): number {
    const count = this.due;
    this.#granted += count;
    return count;
  }

  /** Uses credit for a value that has arrived. Returns false if there was none. */
  spend(): boolean {
    if (this.#granted === 0) return false;
    this.#granted -= 1;
    this.#consumed += 1;
    if (this.#consumed >= this.#window) this.#widen();
    return true;
  }

  #widen(): void {
    this.#consumed = 0;
    this.#window = Math.min(2 * this.#window, this.#windowMax);
  }

  /** Delivers a value. Throws what the codec throws. */
  deliver(payload: Uint8Array): void {
    this.#sink.next(this.#codec.decode(payload));
  }

  /** Ends the flow. */
  complete(): void {
    this.#sink.complete();
  }

  /** Fails the flow. */
  error(error: unknown): void {
    this.#sink.error(error);
  }
}
