import { filter, defer, type MonoTypeOperatorFunction } from 'rxjs';
import { systemClock, type Clock } from '../lib/flow/clock.ts';
import { TokenBucket } from '../lib/flow/token-bucket.ts';

export interface RateLimitOptions<T> {
  /** Units a second, on average. */
  readonly perSecond: number;
  /** Units that may pass at once after a pause. Default: those of one second. */
  readonly burst?: number;
  /** How many units a value counts, its bytes for example. Default 1 each. */
  readonly cost?: (value: T) => number;
  /** Sees each value that was over the limit. */
  readonly onDrop?: (value: T) => void;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/**
 * Lets values pass up to a rate, and drops the others: a token bucket.
 *
 *     in   -abc------d--|
 *          rateLimit({ perSecond: 100, burst: 2 })     a frame is 1 ms
 *     out  -ab-------d--|
 *     onDrop  --c
 *
 * A value of which the cost exceeds the burst never passes.
 *
 * @throws {RangeError} when `perSecond` or `burst` is not above 0
 */
export function rateLimit<T>(options: RateLimitOptions<T>): MonoTypeOperatorFunction<T> {
  const { perSecond, burst = perSecond, cost, onDrop, clock = systemClock } = options;
  if (!(perSecond > 0)) throw new RangeError(`rateLimit: perSecond is above 0, not ${perSecond}`);
  if (!(burst > 0)) throw new RangeError(`rateLimit: burst is above 0, not ${burst}`);
  return (source) =>
    defer(() => {
      const bucket = new TokenBucket(perSecond, burst, clock);
      return source.pipe(
        filter((value) => {
          if (bucket.take(cost === undefined ? 1 : cost(value))) return true;
          onDrop?.(value);
          return false;
        }),
      );
    });
}
