import type { Clock } from './clock.ts';
import { TokenBucket } from './token-bucket.ts';

/** Keys whose buckets are remembered. */
const keysMax = 4_096;

/**
 * A bucket for each key, all alike. Of more than 4,096 keys the one that was used longest ago is
 * forgotten, and would begin with a full bucket again: so many keys at a time are for a bucket of
 * all of them to bound.
 */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #buckets = new Map<unknown, TokenBucket>();
  #last: { readonly key: unknown; readonly bucket: TokenBucket } | undefined;

  /** @param burst tokens that each holds at most, and at first */
  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#clock = clock;
  }

  /** Takes `count` tokens (0 or more) out of the bucket of `key` if it has so many. */
  take(key: unknown, count: number): boolean {
    if (this.#last === undefined || !Object.is(this.#last.key, key)) {
      this.#last = { key, bucket: this.#touch(key) };
    }
    return this.#last.bucket.take(count);
  }

  #touch(key: unknown): TokenBucket {
    const buckets = this.#buckets;
    const bucket = buckets.get(key) ?? new TokenBucket(this.#perSecond, this.#burst, this.#clock);
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > keysMax) buckets.delete(buckets.keys().next().value);
    return bucket;
  }
}
