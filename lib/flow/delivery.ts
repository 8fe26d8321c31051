import { RxmeshError } from '../model/error.ts';
import type { Backlog } from './backlog.ts';
import type { Demand, FlowConsumer, FlowOrigin, FlowSink, SinkKeeper } from './demand.ts';
import { reportUnhandled } from './report-unhandled.ts';

/**
 * Delivers what a source emits to one consumer, as it asks for it: the one place where demand is
 * counted. It holds the rules of Reactive Streams, so that no source has to: never more than
 * requested (1.1), one end (1.7), nothing after it or after `unsubscribe` (1.8, 3.6), wrong
 * requests (3.9), and a request from within `next` takes no stack (3.3).
 *
 * A source that cannot be held back keeps a backlog: what comes too early, or while another value
 * is being delivered, waits there, and the end waits behind it.
 */
export class Delivery<T> implements FlowSink<T>, Demand {
  readonly #consumer: FlowConsumer<T>;
  readonly #origin: FlowOrigin | undefined;
  #upstream: Demand | undefined;
  #backlog: Backlog<T> | undefined;
  #keeper: SinkKeeper<T> | undefined;
  /** Requested by the consumer, and not delivered. */
  #owed = 0;
  /** Of that, what the source has not been told of. */
  #untold = 0;
  /** The consumer is being called. What it requests is told to the source afterwards. */
  #delivering = false;
  /** The source is being told. What is requested meanwhile is for the loop that does so. */
  #settling = false;
  /** Tells the consumer of the end, which comes behind what waits. */
  #end: (() => void) | undefined;
  #over = false;
  /** It goes on, and has no backlog: what comes is delivered at once, or must not come. */
  #isPlain = true;

  constructor(
    consumer: FlowConsumer<T>,
    connect: (sink: FlowSink<T>) => Demand,
    origin?: FlowOrigin,
  ) {
    this.#consumer = consumer;
    this.#origin = origin;
    try {
      this.#upstream = connect(this);
    } catch (thrown) {
      this.fail(thrown);
    }
    // It may have ended while it connected.
    if (this.#over) this.#release();
  }

  // For the consumer

  request(count: number): void {
    if (!(count >= 1) || (count !== Infinity && !Number.isInteger(count))) {
      throw new RangeError(`request(count): a whole number from 1, or Infinity, not ${count}`);
    }
    if (this.#over) return;
    this.#owed += count;
    this.#untold += count;
    if (!this.#delivering && !this.#settling) this.#settle();
  }

  unsubscribe(): void {
    this.#over = true;
    this.#isPlain = false;
    this.#backlog = undefined;
    this.#release();
  }

  // For the source

  get wanted(): number {
    if (this.#isPlain) return this.#owed;
    if (this.#over || this.#end !== undefined) return 0;
    return this.#owed - (this.#backlog?.size ?? 0);
  }

  keep(backlog: Backlog<T>, keeper: SinkKeeper<T>): void {
    this.#backlog = backlog;
    this.#keeper = keeper;
    this.#isPlain = false;
  }

  /**
   * Short, so that V8 puts it into the loop of the source: nothing is allocated for a value then.
   */
  next(value: T): boolean {
    if (!this.#isPlain || this.#owed === 0) return this.#nextWithCare(value);
    this.#deliver(value);
    if (this.#untold > 0 && !this.#delivering && !this.#settling) this.#settle();
    return true;
  }

  #nextWithCare(value: T): boolean {
    if (this.#over || this.#end !== undefined) return false;
    const backlog = this.#backlog;
    if (backlog !== undefined && (this.#delivering || this.#owed === 0 || backlog.size > 0)) {
      this.#hold(backlog, value);
      return false;
    }
    if (this.#owed === 0) {
      const text = 'a flow has emitted more than was requested';
      this.fail(new RxmeshError('RXMESH_DEMAND_LOST', text));
      return false;
    }
    this.#deliver(value);
    if (!this.#delivering && !this.#settling) this.#settle();
    return true;
  }

  error(error: unknown): void {
    this.#endWith(() => this.#consumer.error(error));
  }

  complete(): void {
    this.#endWith(() => this.#consumer.complete());
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#end = () => this.#consumer.error(error);
    // Before the consumer, who may look at nothing, or end the program.
    this.#origin?.failed?.(error);
    this.#finish();
  }

  #hold(backlog: Backlog<T>, value: T): void {
    try {
      if (!backlog.put(value)) this.#keeper?.onOverflow(value);
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  #deliver(value: T): void {
    this.#owed -= 1;
    const outer = this.#delivering;
    this.#delivering = true;
    try {
      this.#consumer.next(value);
    } catch (thrown) {
      this.#threw(thrown);
    }
    this.#delivering = outer;
  }

  #threw(thrown: unknown): void {
    this.unsubscribe();
    reportUnhandled(thrown);
  }

  /**
   * Delivers what waits, and tells the source of what was requested, until there is nothing left of
   * either.
   */
  #settle(): void {
    if (this.#untold === 0 && this.#backlog === undefined) return;
    this.#settling = true;
    try {
      while (!this.#over) {
        this.#drain();
        if (this.#end !== undefined) this.#finishIfEmpty();
        const count = this.#untold;
        if (count === 0 || this.#upstream === undefined) break;
        this.#untold = 0;
        this.#upstream.request(count);
      }
    } catch (thrown) {
      this.fail(thrown);
    }
    this.#settling = false;
  }

  #drain(): void {
    const backlog = this.#backlog;
    if (backlog === undefined || backlog.size === 0 || this.#owed === 0) return;
    // Also while a value is taken: whoever hears of that may make the source emit.
    this.#delivering = true;
    while (this.#owed > 0 && backlog.size > 0 && !this.#over) this.#deliver(backlog.take() as T);
    this.#delivering = false;
    if (!this.#over) this.#keeper?.onRoom?.();
  }

  #endWith(tell: () => void): void {
    if (this.#over || this.#end !== undefined) return;
    this.#end = tell;
    this.#isPlain = false;
    // With a backlog, the consumer hears of it when it has returned.
    if (this.#backlog === undefined || !this.#delivering) this.#finishIfEmpty();
  }

  #finishIfEmpty(): void {
    if (this.#backlog === undefined || this.#backlog.size === 0) this.#finish();
  }

  #finish(): void {
    const tell = this.#end;
    if (this.#over) return;
    this.unsubscribe();
    try {
      tell?.();
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  #release(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.unsubscribe();
  }
}
