import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import type { Backlog } from './backlog.ts';
import type { Demand, FlowConsumer, FlowOrigin, FlowSink, SinkKeeper } from './demand.ts';
import { reportUnhandled } from './report-unhandled.ts';

/**
 * Delivers a source's values to one consumer as it requests them. Demand is counted here and
 * nowhere else. Delivery enforces the rules of Reactive Streams so that sources need not: never
 * more than requested (1.1), a single end (1.7), nothing after the end or after `unsubscribe` (1.8,
 * 3.6), invalid requests (3.9), and no recursion for requests made from within `next` (3.3).
 *
 * A source that cannot be held back provides a backlog. Values that arrive too early, or while
 * another value is being delivered, wait there, and the end of the flow waits behind them.
 */
export class Delivery<T> implements FlowSink<T>, Demand {
  readonly #consumer: FlowConsumer<T>;
  readonly #origin: FlowOrigin | undefined;
  #upstream: Demand | undefined;
  #backlog: Backlog<T> | undefined;
  #keeper: SinkKeeper<T> | undefined;
  /** Requested by the consumer, not yet delivered. */
  #owed = 0;
  /** The part of `#owed` that has not been requested from the source yet. */
  #unrequested = 0;
  /** True while the consumer is being called. Its requests are passed to the source afterwards. */
  #delivering = false;
  /** True while requests are passed to the source. Further ones are picked up by the same loop. */
  #settling = false;
  /** Notifies the consumer of the end, once the backlog is empty. */
  #end: (() => void) | undefined;
  #over = false;
  /** The fast path: still running and without a backlog, so `next` can deliver directly. */
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
    // The source may have ended synchronously, before its `Demand` was known.
    if (this.#over) this.#release();
  }

  // For the consumer

  request(count: number): void {
    if (count !== 1) checkCount(count);
    if (this.#over) return;
    this.#owed += count;
    this.#unrequested += count;
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
    return this.#isPlain ? this.#owed : this.#wantedSlow();
  }

  #wantedSlow(): number {
    if (this.#over || this.#end !== undefined) return 0;
    return this.#owed - (this.#backlog?.size ?? 0);
  }

  keep(backlog: Backlog<T>, keeper: SinkKeeper<T>): void {
    this.#backlog = backlog;
    this.#keeper = keeper;
    this.#isPlain = false;
  }

  /**
   * Kept short so that V8 inlines it into the source's loop, where it then allocates nothing per
   * value.
   */
  next(value: T): boolean {
    if (!this.#isPlain || this.#owed === 0) return this.#nextSlow(value);
    this.#deliver(value);
    if (this.#unrequested > 0 && !this.#delivering && !this.#settling) this.#settle();
    return true;
  }

  #nextSlow(value: T): boolean {
    if (this.#over || this.#end !== undefined) return false;
    const backlog = this.#backlog;
    if (backlog !== undefined && (this.#delivering || this.#owed === 0 || backlog.size > 0)) {
      this.#hold(backlog, value);
      return false;
    }
    if (this.#owed === 0) {
      const text = 'the flow emitted a value that was not requested';
      const advice = 'put boundedMergeMap or onBackpressure behind what emits it';
      this.fail(new RxmeshError('RXMESH_DEMAND_LOST', `${text}: ${advice}`));
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
    // Before the consumer, which may ignore the error or end the process.
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

  /** Delivers what waits and passes requests on to the source until nothing is left of either. */
  #settle(): void {
    if (this.#unrequested === 0 && this.#backlog === undefined) return;
    this.#settling = true;
    try {
      while (!this.#over) {
        this.#drain();
        if (this.#end !== undefined) this.#finishIfEmpty();
        const count = this.#unrequested;
        if (count === 0 || this.#upstream === undefined) break;
        this.#unrequested = 0;
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
    // Set around `take` as well: a backlog may make the source emit from within it.
    this.#delivering = true;
    while (this.#owed > 0 && backlog.size > 0 && !this.#over) this.#deliver(backlog.take() as T);
    this.#delivering = false;
    if (!this.#over) this.#keeper?.onRoom?.();
  }

  #endWith(notify: () => void): void {
    if (this.#over || this.#end !== undefined) return;
    this.#end = notify;
    this.#isPlain = false;
    // With a backlog, a consumer that is being called is notified only after it has returned.
    if (this.#backlog === undefined || !this.#delivering) this.#finishIfEmpty();
  }

  #finishIfEmpty(): void {
    if (this.#backlog === undefined || this.#backlog.size === 0) this.#finish();
  }

  #finish(): void {
    const notify = this.#end;
    if (this.#over) return;
    this.unsubscribe();
    try {
      notify?.();
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

function checkCount(count: number): void {
  if (count >= 1 && (count === Infinity || Number.isInteger(count))) return;
  throw new RangeError(mustBe('request: count', 'an integer of at least 1, or Infinity', count));
}
