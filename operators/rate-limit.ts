import { filter, defer, type MonoTypeOperatorFunction } from 'rxjs';
import { systemClock, type Clock } from '../lib/flow/clock.ts';
import { TokenBucket } from '../lib/flow/token-bucket.ts';

/** Options of `rateLimit`. */
export interface RateLimitOptions<T> {
  /** Units a second, on average. Above 0, and finite. */
  readonly perSecond: number;
  /** Units that may pass at once after a pause. Above 0, and finite. Default: those of one second. */
  readonly burst?: number;
  /** How many units a value counts, 0 or more: its bytes, for example. Default 1 each. */
  readonly cost?: (value: T) => number;
  /** Sees each value that was over the limit. */
  readonly onDrop?: (value: T) => void;
  /** Default: the system's clock. */
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
 * subscription has a bucket of its own.
 *
 * What `cost` or `onDrop` throws is the error of the result.
 *
 * @throws {RangeError} when `perSecond` or `burst` is not a finite number above 0; as an error
 *   notification, when a cost is not a number of 0 or more
 */
export function rateLimit<T>(options: RateLimitOptions<T>): MonoTypeOperatorFunction<T> {
  const { perSecond, burst = perSecond, cost = costsOne, onDrop, clock = systemClock } = options;
  for (const [name, value] of Object.entries({ perSecond, burst })) {
    if (value > 0 && value < Infinity) continue;
    throw new RangeError(`rateLimit: ${name} is a finite number above 0, not ${value}`);
  }
  return (source) =>
    defer(() => {
      const bucket = new TokenBucket(perSecond, burst, clock);
      return source.pipe(
        filter((value) => {
          const units = cost(value);
          if (!(units >= 0)) {
            throw new RangeError(`rateLimit: a cost is a number of 0 or more, not ${units}`);
          }
          const passes = bucket.take(units);
          if (!passes) onDrop?.(value);
          return passes;
        }),
      );
    });
}

const costsOne = (): number => 1;
