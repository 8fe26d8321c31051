import { filter, type MonoTypeOperatorFunction, type Observable, type Subscription } from 'rxjs';
import { aClock, timerMaxMs, type Clock } from '../lib/flow/clock.ts';
import type { Demand, FlowSink } from '../lib/flow/demand.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { safePredicate, hook } from '../lib/flow/hook.ts';
import { clockOf, Flow, isFlow } from '../lib/flow/flow.ts';
import { operate } from '../lib/flow/operate.ts';
import { TokenBucket } from '../lib/flow/token-bucket.ts';
import { TokenBuckets } from '../lib/flow/token-buckets.ts';
import {
  aFunction,
  aNumber,
  checkOptions,
  oneOf,
  type OptionKinds,
  required,
} from '../lib/model/check-options.ts';
import { described, mustBe } from '../lib/model/described.ts';

/** Options of `rateLimit`. */
export interface RateLimitOptions<T> {
  /** Units per second, on average. A finite number above 0. */
  readonly perSecond: number;
  /**
   * How many units may pass in a burst after a pause. A finite number above 0. Default:
   * `perSecond`.
   */
  readonly burst?: number;
  /** The cost of a value in units, 0 or more: its bytes, for example. Default 1. */
  readonly cost?: (value: T) => number;
  /**
   * The key of a value. Each key has its own rate, and a value without a key (`undefined`) always
   * passes. Beyond 4,096 keys, the least recently used one is forgotten. Not for `wait`. Default:
   * one rate for all values.
   */
  readonly key?: (value: T) => unknown;
  /**
   * What happens above the limit: values are dropped or, with flows only, requested later. Default
   * `drop`.
   */
  readonly excess?: 'drop' | 'wait';
  /** Called with each value that is dropped. Without it, values are dropped silently. */
  readonly onDrop?: (value: T) => void;
  /** Default: the clock of the channel that the values come from, or else the system clock. */
  readonly clock?: Clock;
}

/**
 * Passes values up to a rate, and drops the others. A token bucket, full on subscription.
 *
 *     in   -abc-------d--|
 *          rateLimit({ perSecond: 100, burst: 2 })     a frame is 1 ms
 *     out  -ab--------d--|
 *     onDrop  c
 *
 * A value that costs more than the burst never passes. A dropped value costs nothing. Each
 * subscription has its own bucket. Applied to a flow, it carries demand: for each value that is
 * dropped, another one is requested.
 *
 * With a `key`, each key has its own rate, so none uses up what belongs to another:
 *
 *     const tenOfEach$ = channel.in$.pipe(rateLimit({ perSecond: 10, key: ({ from }) => from }));
 *
 * A flow can wait instead: a value is requested when the bucket has a token, so that nothing is
 * dropped and the producer is held back:
 *
 *     in   abcd|
 *          rateLimit({ perSecond: 100, burst: 2, excess: 'wait' })
 *     out  (ab)------c---------(d|)
 *
 * The cost of a value is known only once it has arrived. The value then passes whatever it costs,
 * even more than the burst, and the next one is requested when the cost is paid off.
 *
 * A value is dropped if `cost` or `key` throws for it, or if its cost is not a number of 0 or more.
 * Exceptions from them and from `onDrop` are reported as unhandled, and the stream continues.
 *
 * @throws {RangeError} if `perSecond` or `burst` is not a finite number above 0
 * @throws {TypeError} for invalid options, or a `key` with `wait`; when applied, for `wait` on an
 *   Observable that is not a flow
 */
export function rateLimit<T>(options: RateLimitOptions<T>): MonoTypeOperatorFunction<T> {
  checkOptions('rateLimit', options, optionKinds);
  const { perSecond, burst = perSecond, cost = costsOne } = options;
  for (const [name, value] of Object.entries({ perSecond, burst })) {
    if (value > 0 && value < Infinity) continue;
    throw new RangeError(`rateLimit: ${mustBe(name, 'a finite number above 0', value)}`);
  }
  const { excess = 'drop', key } = options;
  const dropped = hook(options.onDrop);
  const clockFor = (source: Observable<T>): Clock => guardedClock(options.clock ?? clockOf(source));
  const unitsOf = (value: T): number => {
    const units = cost(value);
    if (units >= 0 && (units < Infinity || excess === 'drop')) return units;
    const range = excess === 'drop' ? 'a number of at least 0' : 'a finite number of at least 0';
    throw new RangeError(`rateLimit: cost must return ${range}, got ${described(units)}`);
  };
  const taking = (tokens: TokenBucket) => (value: T) => tokens.take(unitsOf(value));
  const takingOfEach = (keyOf: (value: T) => unknown, clock: Clock) => {
    const tokens = new TokenBuckets(perSecond, burst, clock);
    return (value: T) => {
      const ofKey = keyOf(value);
      return ofKey === undefined || tokens.take(ofKey, unitsOf(value));
    };
  };
  if (excess === 'wait') {
    if (key !== undefined) {
      throw new TypeError(
        "rateLimit: key must be left out with excess: 'wait'; use excess: 'drop'",
      );
    }
    // A bucket that holds less than one token is full at that.
    const enough = Math.min(1, burst);
    return (source) => {
      if (!isFlow(source)) {
        const text = `rateLimit: excess: 'wait' needs a flow, got ${described(source)}`;
        throw new TypeError(`${text}: use excess: 'drop', or put onBackpressure in front`);
      }
      const clock = clockFor(source);
      return new Flow<T>(
        (sink) => {
          const bucket = new TokenBucket(perSecond, burst, clock);
          return new Paced(source, { bucket, enough, unitsOf, clock, dropped }, sink);
        },
        undefined,
        { ...source.origin, clock },
      );
    };
  }
  return (source) => {
    const clock = clockFor(source);
    return operate<T, T>((upstream, subscriber) => {
      const takes = safePredicate(
        key === undefined
          ? taking(new TokenBucket(perSecond, burst, clock))
          : takingOfEach(key, clock),
      );
      const limited = upstream.pipe(
        filter((value) => {
          const passes = takes(value);
          if (!passes) dropped(value);
          return passes;
        }),
      );
      return limited.subscribe(subscriber);
    })(source);
  };
}

const optionKinds: OptionKinds<RateLimitOptions<unknown>> = {
  perSecond: required(aNumber),
  burst: aNumber,
  cost: aFunction,
  key: aFunction,
  excess: oneOf('drop', 'wait'),
  onDrop: aFunction,
  clock: aClock,
};

const costsOne = (): number => 1;

interface Pace<T> {
  readonly bucket: TokenBucket;
  /** How many tokens must be available before a value is requested. */
  readonly enough: number;
  readonly unitsOf: (value: T) => number;
  readonly clock: Clock;
  /** Called with a value whose cost is unknown. */
  readonly dropped: (value: T) => void;
}

/** Requests values from a flow one at a time, as tokens and demand allow. */
class Paced<T> implements Demand {
  readonly #pace: Pace<T>;
  readonly #sink: FlowSink<T>;
  readonly #upstream: Demand;
  #asked = false;
  #asking = false;
  #timer: Subscription | undefined;

  constructor(source: Flow<T>, pace: Pace<T>, sink: FlowSink<T>) {
    this.#pace = pace;
    this.#sink = sink;
    this.#upstream = source.consume({
      next: (value) => this.#pass(value),
      error: (error) => sink.error(error),
      complete: () => sink.complete(),
    });
  }

  request(): void {
    this.#ask();
  }

  unsubscribe(): void {
    this.#timer?.unsubscribe();
    this.#upstream.unsubscribe();
  }

  #pass(value: T): void {
    this.#asked = false;
    if (this.#spend(value)) this.#sink.next(value);
    else this.#pace.dropped(value);
    this.#ask();
  }

  /** Returns false for a value whose cost is unknown. */
  readonly #spend = safePredicate((value: T) => {
    this.#pace.bucket.spend(this.#pace.unitsOf(value));
    return true;
  });

  /** Guarded against re-entry: the flow may answer before `request` returns. */
  #ask(): void {
    if (this.#asking || this.#timer !== undefined) return;
    this.#asking = true;
    while (this.#sink.wanted > 0 && !this.#asked) {
      const waitMs = this.#pace.bucket.msUntil(this.#pace.enough);
      if (waitMs > 0) {
        this.#wait(waitMs);
        break;
      }
      this.#asked = true;
      this.#upstream.request(1);
    }
    this.#asking = false;
  }

  #wait(waitMs: number): void {
    const look = (): void => {
      this.#timer = undefined;
      this.#ask();
    };
    // A wait longer than a timer allows is split up.
    this.#timer = this.#pace.clock.schedule(look, Math.min(waitMs, timerMaxMs));
  }
}
