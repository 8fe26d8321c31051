import { deferred } from '../frame/deferred.ts';

/** Counts arriving messages, and checks that none is missing, duplicated or out of order. */
export class Arrivals {
  #next = 0;
  #end = 0;
  #arrived = deferred<undefined>();

  /** The number of the next message to send. */
  get next(): number {
    return this.#next;
  }

  /**
   * Expects `count` more messages. Resolves when all have arrived; rejects if one is out of order.
   */
  expect(count: number): Promise<void> {
    this.#end = this.#next + count;
    this.#arrived = deferred();
    return this.#arrived.promise;
  }

  /** Call when a message arrives. */
  take(seq: number): void {
    if (seq !== this.#next) {
      this.#arrived.reject(new Error(`message ${seq} came, not ${this.#next}`));
      return;
    }
    this.#next += 1;
    if (this.#next === this.#end) this.#arrived.resolve(undefined);
  }
}
