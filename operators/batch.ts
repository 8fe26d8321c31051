import { type Observable, Subscription } from 'rxjs';
import { LaneBacklog } from '../lib/flow/backlog.ts';
import { aClock, checkTimes, type Clock } from '../lib/flow/clock.ts';
import type { Demand, FlowConsumer, FlowSink } from '../lib/flow/demand.ts';
import { clockOf, Flow, isFlow, originOf } from '../lib/flow/flow.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { fail, laneCapacityMax } from '../lib/flow/strategy.ts';
import { subscribeWithin } from '../lib/flow/subscribe-within.ts';
import { aNumber, checkOptions, type OptionKinds, required } from '../lib/model/check-options.ts';
import { mustBe } from '../lib/model/described.ts';
import { RxmeshError } from '../lib/model/error.ts';

/** How many full batches may wait: one, plus the batch being gathered when the source ends. */
const batchesWaitingMax = 2;

/** Options of `batch`. */
export interface BatchOptions {
  /** The most values in a batch: 1 to 2^20. */
  readonly max: number;
  /** How long the first value may wait for others, in milliseconds. Default 0: no limit. */
  readonly ms?: number;
  /** Default: the clock of the channel that the values come from, or else the system clock. */
  readonly clock?: Clock;
}

const optionKinds: OptionKinds<BatchOptions> = {
  max: required(aNumber),
  ms: aNumber,
  clock: aClock,
};

/**
 * Gathers values into arrays: of `max` values, or of those that arrive within `ms` of the first. An
 * array is never empty.
 *
 *     in   -abc----d-----e|
 *          batch({ max: 2, ms: 4 })
 *     out  --A----B----C--(D|)       A: [a, b], B: [c], C: [d], D: [e]
 *
 * When the source completes or fails, the values gathered so far are emitted first, so none is
 * lost.
 *
 * The result is a flow, and a consumer with demand requests batches. If the source is a flow, it is
 * asked for one batch at a time, and for nothing while no batch is wanted. A batch whose time is up
 * while none is wanted still takes values already requested, and is delivered as soon as it is
 * wanted.
 *
 *     const lines$ = chat.in$.pipe(batch({ max: 100, ms: 50 }));
 *     for await (const lines of lines$) await save(lines.map(({ message }) => message).join());
 *
 * A plain Observable cannot be held back. While no batch is wanted, one full batch and `max` values
 * of the next may wait; another value is an error, after those that wait. To drop values instead,
 * put `onBackpressure` in front. For a plain subscriber, whose demand is unbounded, values never
 * wait longer than `max` and `ms` allow.
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when a plain Observable emits
 *   more than can wait
 * @throws {TypeError} for invalid options
 * @throws {RangeError} if `max` is not a whole number from 1 to 2^20, or for a time that timers do
 *   not support
 */
export function batch<T>(options: BatchOptions): (source: Observable<T>) => Flow<readonly T[]> {
  checkOptions('batch', options, optionKinds);
  const { max, ms = 0 } = options;
  if (!(Number.isInteger(max) && max >= 1 && max <= laneCapacityMax)) {
    const range = `an integer from 1 to ${laneCapacityMax}`;
    throw new RangeError(`batch: ${mustBe('max', range, max)}`);
  }
  checkTimes('batch', { ms });
  return (source) => {
    const clock = options.clock ?? clockOf(source);
    const settings = { max, ms, clock: guardedClock(clock) };
    return new Flow<readonly T[]>(
      (sink) => {
        const batches = new Batches<T>(settings, sink, new Subscription());
        return isFlow(source) ? batches.pullFrom(source) : batches.from(source);
      },
      (subscriber) => void new Batches<T>(settings, subscriber, subscriber).from(source),
      { ...originOf(source), clock },
    );
  };
}

class Batches<T> implements Demand {
  readonly #settings: Required<BatchOptions>;
  readonly #consumer: FlowConsumer<readonly T[]>;
  /** The consumer, if it has demand. */
  readonly #sink: FlowSink<readonly T[]> | undefined;
  readonly #scope: Subscription;
  /** Only used with a sink. */
  readonly #waiting = new LaneBacklog<readonly T[]>(fail(batchesWaitingMax), () => undefined);
  #gathered: T[] = [];
  /** Whether the time of the gathered values is up. */
  #isDue = false;
  #timer: Subscription | undefined;
  /** Set when the source is a flow, which is asked for values. */
  #upstream: Demand | undefined;
  #outstanding = 0;

  /**
   * @param consumer a plain consumer gets everything, a sink as much as it requests
   * @param scope holds all subscriptions until the consumer ends
   */
  constructor(
    settings: Required<BatchOptions>,
    consumer: FlowConsumer<readonly T[]> | FlowSink<readonly T[]>,
    scope: Subscription,
  ) {
    this.#settings = settings;
    this.#consumer = consumer;
    this.#scope = scope;
    scope.add(() => this.#timer?.unsubscribe());
    if (!('keep' in consumer)) return;
    this.#sink = consumer;
    const keeper = { onOverflow: () => this.#overflow(), onRoom: () => this.request() };
    consumer.keep(this.#waiting, keeper);
  }

  /** Takes whatever `source` emits. */
  from(source: Observable<T>): this {
    subscribeWithin(this.#scope, source, this.#observer());
    return this;
  }

  /** Requests values from `source` whenever a batch is wanted. */
  pullFrom(source: Flow<T>): this {
    const upstream = source.consume(this.#observer());
    this.#scope.add(() => upstream.unsubscribe());
    this.#upstream = upstream;
    return this;
  }

  request(): void {
    this.#deliver();
    this.#pull();
  }

  unsubscribe(): void {
    this.#scope.unsubscribe();
  }

  #observer(): FlowConsumer<T> {
    return {
      next: (value) => this.#gather(value),
      error: (error) => {
        this.#release();
        this.#consumer.error(error);
      },
      complete: () => {
        this.#release();
        this.#consumer.complete();
      },
    };
  }

  #gather(value: T): void {
    const { max, ms, clock } = this.#settings;
    this.#outstanding -= 1;
    if (this.#gathered.length === max) {
      this.#overflow();
      return;
    }
    const count = this.#gathered.push(value);
    if (count === max) this.#deliver();
    else if (count === 1 && ms > 0) this.#timer = clock.schedule(this.#onTime, ms);
  }

  readonly #onTime = (): void => {
    this.#isDue = true;
    this.#deliver();
  };

  /**
   * Releases the batch if it is full, or due and wanted. It stays here while another batch waits.
   */
  #deliver(): void {
    if (this.#waiting.size > 0) return;
    const isFull = this.#gathered.length === this.#settings.max;
    if (isFull || (this.#isDue && this.#isWanted())) this.#release();
  }

  #release(): void {
    if (this.#gathered.length === 0) return;
    const values = this.#gathered;
    this.#gathered = [];
    this.#isDue = false;
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    this.#consumer.next(values);
    this.#pull();
  }

  #isWanted(): boolean {
    return this.#sink === undefined || this.#sink.wanted > 0;
  }

  /** Requests as many values as the batch has room for, minus those already on their way. */
  #pull(): void {
    if (this.#upstream === undefined || this.#waiting.size > 0 || !this.#isWanted()) return;
    const count = this.#settings.max - this.#gathered.length - this.#outstanding;
    if (count <= 0) return;
    this.#outstanding += count;
    this.#upstream.request(count);
  }

  #overflow(): void {
    const waiting = this.#waiting.size * this.#settings.max + this.#gathered.length;
    const text = `batch: the buffer of ${waiting} values is full: put onBackpressure in front of it`;
    // Unsubscribe first: an endless source may be emitting.
    this.#scope.unsubscribe();
    this.#release();
    this.#consumer.error(new RxmeshError('RXMESH_OVERFLOW', text));
  }
}
