import { filter, type MonoTypeOperatorFunction, type Observable, type Subscription } from 'rxjs';
import { aClock, timerMaxMs, type Clock } from '../lib/flow/clock.ts';
import type { Demand, FlowSink } from '../lib/flow/demand.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { deciding, hook } from '../lib/flow/hook.ts';
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

/** Options of `rateLimit`. */
export interface RateLimitOptions<T> {
  /** Units a second, on average. Above 0, and finite. */
  readonly perSecond: number;
  /**
   * Units that may pass at once after a pause. Above 0, and finite. Default: those of one second.
   */
  readonly burst?: number;
  /** How many units a value counts, 0 or more: its bytes, for example. Default 1 each. */
  readonly cost?: (value: T) => number;
  /**
   * What a value counts for: each key has a rate of its own, and a value without one (`undefined`)
   * passes. Of more than 4,096 keys the one that was seen longest ago is forgotten. Not for `wait`.
   * Default: one rate for all.
   */
  readonly key?: (value: T) => unknown;
  /**
   * What is over the limit: it is dropped, or, from a flow only, asked for later. Default `drop`.
   */
  readonly excess?: 'drop' | 'wait';
  /** Sees each value that is dropped. */
  readonly onDrop?: (value: T) => void;
  /**
   * Default: the clock of the channel that the values come from; the system's behind other sources.
   */
  readonly clock?: Clock;
}

/**
 * Lets values pass up to a rate, and drops the others: a token bucket, full at the subscription.
 *
 *     in   -abc-------d--|
 *          rateLimit({ perSecond: 100, burst: 2 })     a frame is 1 ms
 *     out  -ab--------d--|
 *     onDrop  c
 *
 * A value that costs more than the burst never passes. One that is dropped costs nothing. Each
 * subscription has a bucket of its own. Behind a flow it carries demand: for each value that is
 * dropped, one more is asked for.
 *
 * With a key, each of them has its own rate, and what one sends too much of is at nobody else's
 * cost:
 *
 *     const tenOfEach$ = channel.in$.pipe(rateLimit({ perSecond: 10, key: ({ from }) => from }));
 *
 * A flow can wait instead. It is asked for a value when the bucket has a token, so that nothing is
 * dropped, and whoever produces is held back:
 *
 *     in   abcd|
 *          rateLimit({ perSecond: 100, burst: 2, excess: 'wait' })
 *     out  (ab)------c---------(d|)
 *
 * What a value costs is known when it is there. It passes whatever it costs, more than the burst
 * too, and the next one is asked for when that is paid off.
 *
 * A value for which `cost` or `key` throws, or whose cost is not a number of 0 or more, is dropped.
 * What they throw is reported as unhandled, and so is what `onDrop` throws: the stream goes on.
 *
 * @throws {RangeError} when `perSecond` or `burst` is not a finite number above 0
 * @throws {TypeError} for options that are not what they have to be, and a `key` with `wait`; when
 *   it is applied, for `wait` on an Observable that is no flow
 */
export function rateLimit<T>(options: RateLimitOptions<T>): MonoTypeOperatorFunction<T> {
  checkOptions('rateLimit', options, optionKinds);
  const { perSecond, burst = perSecond, cost = costsOne } = options;
  for (const [name, value] of Object.entries({ perSecond, burst })) {
    if (value > 0 && value < Infinity) continue;
    throw new RangeError(`rateLimit: ${name} is a finite number above 0, not ${value}`);
  }
  const { excess = 'drop', key } = options;
  const dropped = hook(options.onDrop);
  const clockFor = (source: Observable<T>): Clock => guardedClock(options.clock ?? clockOf(source));
  const unitsOf = (value: T): number => {
    const units = cost(value);
    if (units >= 0 && (units < Infinity || excess === 'drop')) return units;
    throw new RangeError(`rateLimit: a cost is a number of 0 or more, not ${units}`);
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
    if (key !== undefined) throw new TypeError("rateLimit: key is not for excess: 'wait'");
    // A bucket that holds less than one token is as full as it gets.
    const enough = Math.min(1, burst);
    return (source) => {
      if (!isFlow(source)) {
        throw new TypeError("rateLimit: only a flow can be held back, excess: 'wait' is for flows");
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
      const takes = deciding(
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
  /** Tokens that have to be there before a value is asked for. */
  readonly enough: number;
  readonly unitsOf: (value: T) => number;
  readonly clock: Clock;
  /** Hears of a value whose cost is not known. */
  readonly dropped: (value: T) => void;
}

/** Asks a flow for one value at a time, when there are tokens and demand. */
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

  /** False for a value whose cost is not known. */
  readonly #spend = deciding((value: T) => {
    this.#pace.bucket.spend(this.#pace.unitsOf(value));
    return true;
  });

  /** A loop that is not entered twice: the flow may answer before `request` returns. */
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
    // A longer wait looks again on the way.
    this.#timer = this.#pace.clock.schedule(look, Math.min(waitMs, timerMaxMs));
  }
}
