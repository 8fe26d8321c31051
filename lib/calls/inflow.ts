import type { Codec, FlowSink } from '../index.ts';

/** Values on their way from the other side to a consumer here, never more than it wants. */
export class Inflow<T> {
  readonly #sink: FlowSink<T>;
  readonly #codec: Codec<T>;
  readonly #window: number;
  /** How many more values the other side may send. */
  #granted = 0;

  /** @param window the most values to be granted at a time */
  constructor(sink: FlowSink<T>, codec: Codec<T>, window: number) {
    this.#sink = sink;
    this.#codec = codec;
    this.#window = window;
  }

  /**
   * How much credit to send now: what the consumer wants, in portions of at least half of what it
   * may have, so that a steady consumer does not cause a frame for each value.
   */
  get due(): number {
    const allowed = Math.min(this.#sink.wanted, this.#window);
    const count = allowed - this.#granted;
    return count > 0 && 2 * count >= allowed ? count : 0;
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
    return true;
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
