import { type Observable, Subscription } from 'rxjs';
import { LaneBacklog } from '../lib/flow/backlog.ts';
import { aClock, checkTimes, type Clock } from '../lib/flow/clock.ts';
import type { Demand, FlowConsumer, FlowSink } from '../lib/flow/demand.ts';
import { clockOf, Flow, isFlow, originOf } from '../lib/flow/flow.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { fail, laneCapacityMax } from '../lib/flow/strategy.ts';
import { subscribeWithin } from '../lib/flow/subscribe-within.ts';
import { aNumber, checkOptions, type OptionKinds, required } from '../lib/model/check-options.ts';
import { RxmeshError } from '../lib/model/error.ts';

/** Full batches that may wait: one, and at the end the one that was being gathered. */
const batchesWaitingMax = 2;

/** Options of `batch`. */
export interface BatchOptions {
  /** Values in a batch, at most: 1 to 2^20. */
  readonly max: number;
  /** How long the first value may wait for others, in milliseconds. Default 0: no limit. */
  readonly ms?: number;
  /** Default: the clock of the channel that the values come from, else the system's. */
  readonly clock?: Clock;
}

const optionKinds: OptionKinds<BatchOptions> = {
  max: required(aNumber),
  ms: aNumber,
  clock: aClock,
};

/**
 * Gathers values into arrays: of `max` values, or of those that have come `ms` after the first of
 * them. None is empty.
 *
 *     in   -abc----d-----e|
 *          batch({ max: 2, ms: 4 })
 *     out  --A----B----C--(D|)       A: [a, b], B: [c], C: [d], D: [e]
 *
 * The source's end comes behind the values that were gathered until then, and so does its error: no
 * value that was taken is lost.
 *
 * The result is a flow. A consumer with demand asks for batches. Behind a flow, what fills one
 * batch is asked for at a time, and nothing while no batch is wanted. A batch whose time is over
 * when none is wanted still takes values that were asked for, and is delivered as soon as it is
 * wanted.
 *
 *     const lines$ = chat.in$.pipe(batch({ max: 100, ms: 50 }));
 *     for await (const lines of lines$) await save(lines.map(({ message }) => message).join());
 *
 * An Observable that is no flow cannot be held back. When no batch is wanted, one full batch waits,
 * and `max` values of the next; one more value is an error, behind those that wait.
 * `onBackpressure` in front of it drops instead. A subscriber as usual has unbounded demand: for
 * it, values wait no longer than `max` and `ms` say.
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when an Observable that is no
 *   flow emits more than can wait
 * @throws {TypeError} for options that are not what they have to be
 * @throws {RangeError} `max` is no whole number from 1 to 2^20; a time that no timer takes
 */
export function batch<T>(options: BatchOptions): (source: Observable<T>) => Flow<readonly T[]> {
  checkOptions('batch', options, optionKinds);
  const { max, ms = 0 } = options;
  if (!(Number.isInteger(max) && max >= 1 && max <= laneCapacityMax)) {
    const range = `a whole number from 1 to ${laneCapacityMax}`;
    throw new RangeError(`batch: max is ${range}, not ${max}`);
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

/** Gathers values for one consumer. */
class Batches<T> implements Demand {
  readonly #settings: Required<BatchOptions>;
  readonly #consumer: FlowConsumer<readonly T[]>;
  /** The consumer, if it has demand. */
  readonly #sink: FlowSink<readonly T[]> | undefined;
  readonly #scope: Subscription;
  /** Of a sink. */
  readonly #waiting = new LaneBacklog<readonly T[]>(fail(batchesWaitingMax), () => undefined);
  #gathered: T[] = [];
  /** The time of what is gathered is over. */
  #isDue = false;
  #timer: Subscription | undefined;
  /** Of a source that is asked for values. */
  #upstream: Demand | undefined;
  #outstanding = 0;

  /**
   * @param consumer gets everything, if it is no sink; else as much as it wants
   * @param scope what is subscribed to for the consumer, until it ends
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

  /** Takes what `source` emits. */
  from(source: Observable<T>): this {
    subscribeWithin(this.#scope, source, this.#observer());
    return this;
  }

  /** Asks `source` for what fills a batch that is wanted. */
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
   * Lets the batch go if it is full, or due and wanted. It stays where it is while another one
   * waits.
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

  /** Asks for what the batch that is being gathered has room for, beside what is on its way. */
  #pull(): void {
    if (this.#upstream === undefined || this.#waiting.size > 0 || !this.#isWanted()) return;
    const count = this.#settings.max - this.#gathered.length - this.#outstanding;
    if (count <= 0) return;
    this.#outstanding += count;
    this.#upstream.request(count);
  }

  #overflow(): void {
    const waiting = this.#waiting.size * this.#settings.max + this.#gathered.length;
    const text = `batch: ${waiting} values wait already, put onBackpressure in front of it`;
    // First, since a source without an end may be emitting.
    this.#scope.unsubscribe();
    this.#release();
    this.#consumer.error(new RxmeshError('RXMESH_OVERFLOW', text));
  }
}
