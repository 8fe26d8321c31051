import { RxmeshError } from '../model/error.ts';
import type { Demand, FlowConsumer } from './demand.ts';
import { reportUnhandled } from './report-unhandled.ts';

/**
 * Stands between a flow and its consumer, and sees to the rules of Reactive Streams there, so that no
 * source has to: never more than requested (1.1), one end (1.7), nothing after it or after
 * `unsubscribe` (1.8, 3.6), wrong requests (3.9), and a request from within `next` needs no stack (3.3).
 */
export class Regulated<T> implements FlowConsumer<T>, Demand {
  readonly #consumer: FlowConsumer<T>;
  #upstream: Demand | undefined;
  /** Requested by the consumer, and not delivered. */
  #owed = 0;
  /** Of that, what the source has not been told of. */
  #untold = 0;
  /** The consumer or the source is being called: what is requested meanwhile is told afterwards. */
  #busy = false;
  #over = false;

  constructor(consumer: FlowConsumer<T>, connect: (consumer: FlowConsumer<T>) => Demand) {
    this.#consumer = consumer;
    try {
      this.#upstream = connect(this);
    } catch (thrown) {
      this.error(thrown);
    }
    // It may have ended while it connected.
    if (this.#over) this.#release();
  }

  request(count: number): void {
    if (count !== Infinity && !(Number.isInteger(count) && count >= 1)) {
      throw new RangeError(`request(count): a whole number from 1, or Infinity, not ${count}`);
    }
    if (this.#over) return;
    this.#owed += count;
    this.#untold += count;
    if (!this.#busy) this.#tell();
  }

  unsubscribe(): void {
    this.#over = true;
    this.#release();
  }

  next(value: T): void {
    if (this.#over) return;
    if (this.#owed === 0) {
      const text = 'a flow has emitted more than was requested';
      this.error(new RxmeshError('RXMESH_DEMAND_LOST', text));
      return;
    }
    this.#owed -= 1;
    const outer = this.#busy;
    this.#busy = true;
    try {
      this.#consumer.next(value);
    } catch (thrown) {
      this.unsubscribe();
      reportUnhandled(thrown);
    }
    this.#busy = outer;
    if (!outer && this.#untold > 0) this.#tell();
  }

  error(error: unknown): void {
    if (this.#over) return;
    this.unsubscribe();
    try {
      this.#consumer.error(error);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  complete(): void {
    if (this.#over) return;
    this.unsubscribe();
    try {
      this.#consumer.complete();
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  #tell(): void {
    this.#busy = true;
    try {
      while (this.#untold > 0 && this.#upstream !== undefined) {
        const count = this.#untold;
        this.#untold = 0;
        this.#upstream.request(count);
      }
    } catch (thrown) {
      this.error(thrown);
    }
    this.#busy = false;
  }

  #release(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.unsubscribe();
  }
}
