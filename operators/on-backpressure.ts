import { type Observable, Subscription } from 'rxjs';
import { type Backlog, LaneBacklog, LatestByKey } from '../lib/flow/backlog.ts';
import type { Demand, FlowConsumer } from '../lib/flow/demand.ts';
import { clockOf, Flow, isFlow } from '../lib/flow/flow.ts';
import { reportUnhandled } from '../lib/flow/report-unhandled.ts';
import { checkValueLane, isLane, laneCapacityMax, type LaneOptions } from '../lib/flow/strategy.ts';
import { subscribeWithin } from '../lib/flow/subscribe-within.ts';
import { RxmeshError } from '../lib/model/error.ts';

/** Options of `onBackpressure`. */
export interface OnBackpressureOptions<T> {
  /** Sees each value that is dropped. */
  readonly onDrop?: (value: T) => void;
  /** With `latest()`: what a value is the newest of. Compared as keys of a Map are. */
  readonly key?: (value: T) => unknown;
  /** How many keys may wait, 1 to 2^20. Default 1,024. */
  readonly keysMax?: number;
}

/**
 * Makes a flow of any Observable: what comes while the consumer has no demand waits in a lane, whose
 * strategy says what happens when that is full. `dropOldest(n)`, `dropNewest(n)` and `latest()` drop,
 * `fail(n)` is an error.
 *
 *     in        -a-b-c-d-|
 *               onBackpressure(dropOldest(2))
 *     requests  ----------1-2-----
 *     out       ----------c-(d|)--
 *     onDrop    -----a-b---        a had to go for c, b for d
 *
 * With `key`, `latest()` keeps the newest value of each key, in the order in which the keys came:
 *
 *     in        -a1-b1-a2-----|
 *               onBackpressure(latest(), { key: (value) => value[0] })
 *     requests  ----------2----
 *     out       ----------(a2 b1)-|
 *     onDrop    -------a1----------
 *
 * `block(n)` is for a flow: it is asked for values so that at most `n` of them wait, and none is dropped.
 *
 * Whoever subscribes as usual has unbounded demand: everything passes as it comes. To consume
 * subscribes to the source at once, so that what it emits before the first request waits as well. A
 * value that comes while another one is being delivered waits too. The source's end comes
 * behind what waits. Its error does not wait: what waits is dropped then, and told.
 *
 * What `onDrop` or `key` throws is the error of the result.
 *
 * It makes a flow in `pipe` as well, but the type of an Observable's `pipe` does not know it; so:
 *
 *     const newest$ = onBackpressure<string>(latest())(source$);
 *     for await (const text of newest$) await save(text);
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when a `fail` lane is full
 * @throws {TypeError} for what is no strategy, `key` with another one than `latest()`; when it is
 *   applied, for `block` on an Observable that is no flow
 * @throws {RangeError} `keysMax` is no whole number from 1 to 2^20
 */
export function onBackpressure<T>(
  strategy: LaneOptions,
  options: OnBackpressureOptions<T> = {},
): (source: Observable<T>) => Flow<T> {
  const settings = settingsFrom(strategy, options);
  return (source) => {
    if (strategy.strategy !== 'block') {
      return new Flow(
        (consumer) => new Buffered(settings, consumer).from(source),
        (subscriber) => source.subscribe(subscriber),
        clockOf(source),
      );
    }
    if (!isFlow(source)) {
      throw new TypeError(
        'onBackpressure: only a flow can be held back, block() is not for others',
      );
    }
    return new Flow(
      (consumer) => new Buffered(settings, consumer).pulledFrom(source, strategy.capacity),
      (subscriber) => source.subscribe(subscriber),
      source.clock,
    );
  };
}

interface Settings<T> {
  readonly onDrop: (value: T) => void;
  /** What holds the values of one consumer. */
  readonly backlog: () => Backlog<T>;
}

function settingsFrom<T>(strategy: LaneOptions, options: OnBackpressureOptions<T>): Settings<T> {
  const { onDrop = untold, key, keysMax = 1024 } = options;
  if (!isLane(strategy)) {
    const strategies = 'dropOldest(n), dropNewest(n), latest(), fail(n) or block(n)';
    throw new TypeError(`onBackpressure: the strategy is ${strategies}`);
  }
  checkValueLane('onBackpressure', strategy);
  if (key !== undefined && strategy.strategy !== 'latest') {
    throw new TypeError(`onBackpressure: key is for latest(), not for ${strategy.strategy}`);
  }
  if (!(Number.isInteger(keysMax) && keysMax >= 1 && keysMax <= laneCapacityMax)) {
    const range = `a whole number from 1 to ${laneCapacityMax}`;
    throw new RangeError(`onBackpressure: keysMax is ${range}, not ${keysMax}`);
  }
  const backlog = (): Backlog<T> =>
    key === undefined ? new LaneBacklog(strategy, onDrop) : new LatestByKey(key, keysMax, onDrop);
  return { onDrop, backlog };
}

const untold = (): void => undefined;

/** Stands between a source and one consumer. */
class Buffered<T> implements Demand {
  readonly #backlog: Backlog<T>;
  readonly #onDrop: (value: T) => void;
  readonly #consumer: FlowConsumer<T>;
  readonly #subscription = new Subscription();
  /** Requested, and not delivered. */
  #owed = 0;
  #delivering = false;
  #ended = false;
  /** Of a source that is held back. */
  #upstream: Demand | undefined;
  #ahead = 0;
  #outstanding = 0;

  constructor({ backlog, onDrop }: Settings<T>, consumer: FlowConsumer<T>) {
    this.#backlog = backlog();
    this.#onDrop = onDrop;
    this.#consumer = consumer;
  }

  /** Takes what `source` emits. */
  from(source: Observable<T>): this {
    subscribeWithin(this.#subscription, source, this.#observer());
    return this;
  }

  /** Asks `source` for values, so that at most `ahead` of them wait. */
  pulledFrom(source: Flow<T>, ahead: number): this {
    this.#ahead = ahead;
    const upstream = source.consume(this.#observer());
    this.#subscription.add(() => upstream.unsubscribe());
    this.#upstream = upstream;
    this.#replenish();
    return this;
  }

  request(count: number): void {
    this.#owed += count;
    this.#drain();
  }

  unsubscribe(): void {
    this.#subscription.unsubscribe();
  }

  #observer(): FlowConsumer<T> {
    return {
      next: (value) => this.#arrive(value),
      error: (error) => this.#fail(error),
      complete: () => {
        this.#ended = true;
        this.#drain();
      },
    };
  }

  #arrive(value: T): void {
    this.#outstanding -= 1;
    if (this.#delivering || this.#owed === 0) {
      this.#put(value);
      return;
    }
    // Who has demand and gets nothing at the moment has nothing waiting either.
    this.#delivering = true;
    this.#deliver(value);
    this.#delivering = false;
    this.#drain();
  }

  #put(value: T): void {
    try {
      if (this.#backlog.put(value)) return;
    } catch (thrown) {
      // Nothing more is told: who throws at that is not asked again.
      this.unsubscribe();
      this.#consumer.error(thrown);
      return;
    }
    const text = `onBackpressure: ${this.#backlog.size} values wait already`;
    this.#fail(new RxmeshError('RXMESH_OVERFLOW', text), value);
  }

  /** A loop that is not entered twice: what a consumer requests, or makes the source emit, is for it. */
  #drain(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#owed > 0 && this.#backlog.size > 0) this.#deliver(this.#backlog.take() as T);
    this.#delivering = false;
    if (!this.#ended) this.#replenish();
    else if (this.#backlog.size === 0) this.#consumer.complete();
  }

  #deliver(value: T): void {
    this.#owed -= 1;
    this.#consumer.next(value);
  }

  /** Half of what may wait at a time: fewer calls, and the source need not pause. */
  #replenish(): void {
    if (this.#upstream === undefined) return;
    const held = this.#backlog.size + this.#outstanding;
    if (held > this.#ahead >> 1) return;
    this.#outstanding += this.#ahead - held;
    this.#upstream.request(this.#ahead - held);
  }

  /** @param lost has no place in the backlog */
  #fail(error: unknown, ...lost: readonly T[]): void {
    this.unsubscribe();
    try {
      while (this.#backlog.size > 0) this.#onDrop(this.#backlog.take() as T);
      for (const value of lost) this.#onDrop(value);
    } catch (thrown) {
      // The first error is the one that the consumer gets.
      reportUnhandled(thrown);
    }
    this.#consumer.error(error);
  }
}
