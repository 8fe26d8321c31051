import type { Clock } from './clock.ts';
import { TokenBucket } from './token-bucket.ts';

/** How many keys are remembered. */
const keysMax = 4_096;

/**
 * One token bucket per key, all with the same rate. Beyond 4,096 keys, the least recently used one
 * is forgotten and would start with a full bucket again; limiting that many keys is up to a bucket
 * shared by all of them.
 */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Clock;
  /** From least to most recently used. */
  readonly #buckets = new Map<unknown, TokenBucket>();
  #last: { readonly key: unknown; readonly bucket: TokenBucket } | undefined;

  /** @param burst the most tokens each bucket holds; it starts full */
  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#clock = clock;
  }

  /** Takes `count` tokens (0 or more) from the bucket of `key` if it has enough. */
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
