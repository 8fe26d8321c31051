import { deferred } from '../frame/deferred.ts';

/** Counts messages that arrive, and sees to it that none is missing, twice, or out of order. */
export class Arrivals {
  #next = 0;
  #end = 0;
  #arrived = deferred<undefined>();

  /** The number of the next message that is to be sent. */
  get next(): number {
    return this.#next;
  }

  /** So many more are to come. Resolves when they are there; rejects when another one comes. */
  expect(count: number): Promise<void> {
    this.#end = this.#next + count;
    this.#arrived = deferred();
    return this.#arrived.promise;
  }

  /** A message has arrived. */
  take(seq: number): void {
    if (seq !== this.#next) {
      this.#arrived.reject(new Error(`message ${seq} came, not ${this.#next}`));
      return;
    }
    this.#next += 1;
    if (this.#next === this.#end) this.#arrived.resolve(undefined);
  }
}
