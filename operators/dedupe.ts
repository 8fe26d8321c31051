import { filter, type MonoTypeOperatorFunction } from 'rxjs';
import type { Clock } from '../lib/flow/clock.ts';
import { clockOf } from '../lib/flow/flow.ts';
import { Lane } from '../lib/flow/lane.ts';
import { operate } from '../lib/flow/operate.ts';
import { laneCapacityMax } from '../lib/flow/strategy.ts';
import { checkFunction, checkMethod, mistaken } from '../lib/model/check-function.ts';
import { checkOptionNames } from '../lib/model/check-option-names.ts';

/** Options of `dedupe`. */
export interface DedupeOptions<T> {
  /** What makes two values the same. Keys are compared as those of a `Map`; `undefined` is one like any other. */
  readonly key: (value: T) => unknown;
  /** Keys that are remembered, at most: a whole number from 1 to 2^20. */
  readonly max: number;
  /** How long a key is remembered, in milliseconds, from the value that passed on. Above 0. Default: no limit. */
  readonly ttlMs?: number;
  /** What `ttlMs` is measured with. Default: the source's clock, as that of a channel's `in$`, or the system's. */
  readonly clock?: Clock;
}

/**
 * Lets the first value of each key through, and drops the others, as far as it remembers.
 *
 *     in   -a-b-a-c-a-b-|
 *          dedupe({ key: (value) => value, max: 2 })
 *     out  -a-b---c-a-b-|       c takes the place of a, then a that of b, and b that of c
 *
 * It remembers the last `max` keys of which it let a value through. When there is one more, the one that passed
 * longest ago is forgotten; a value that is dropped does not count, so that a key which keeps coming is not
 * remembered longer for it. With `ttlMs` each key is forgotten that many milliseconds after its value passed, and the
 * next value with it passes again:
 *
 *     in   -a-a-a-a-a-|
 *          dedupe({ key: (value) => value, max: 2, ttlMs: 4 })
 *     out  -a---a---a-|
 *
 * Messages that come on several ways, or are sent again by impatient peers, are handled once:
 *
 *     chat.in$
 *       .pipe(dedupe({ key: ({ message }) => message, max: 10_000, ttlMs: 60_000 }))
 *       .subscribe(({ message }) => show(message));
 *
 * Each subscription has a memory of its own. What `key` throws is the error of the result. Carries demand: for each
 * value that it drops, one more is asked for.
 *
 * @throws {TypeError} for options that are missing, do not exist, or have another type
 * @throws {RangeError} when `max` is no whole number from 1 to 2^20, or `ttlMs` no number above 0
 */
export function dedupe<T>(options: DedupeOptions<T>): MonoTypeOperatorFunction<T> {
  checkOptions(options);
  const { key, max, ttlMs = Infinity } = options;
  return (source) => {
    const clock = options.clock ?? clockOf(source);
    // Made here, since the source that `operate` gives may be one inside of a flow, without its clock.
    const deduped = operate<T, T>((from, subscriber) => {
      const memory = new Memory(max, ttlMs, clock);
      return from.pipe(filter((value) => memory.add(key(value)))).subscribe(subscriber);
    });
    return deduped(source);
  };
}

function checkOptions(options: DedupeOptions<never>): void {
  checkOptionNames('dedupe', options, ['key', 'max', 'ttlMs', 'clock']);
  const { key, max, ttlMs, clock } = options;
  checkFunction('dedupe: key', key);
  const range = `a whole number from 1 to ${laneCapacityMax}`;
  if (typeof max !== 'number') throw mistaken('dedupe: max', range, max);
  if (!(Number.isInteger(max) && max >= 1 && max <= laneCapacityMax)) {
    throw new RangeError(`dedupe: max must be ${range}, got ${max}`);
  }
  if (clock !== undefined) checkMethod('dedupe: clock', clock, 'now');
  if (ttlMs === undefined) return;
  if (typeof ttlMs !== 'number') throw mistaken('dedupe: ttlMs', 'a number above 0', ttlMs);
  if (!(ttlMs > 0)) throw new RangeError(`dedupe: ttlMs must be a number above 0, got ${ttlMs}`);
}

/** Keys, in the order in which they came. */
class Memory {
  readonly #ttlMs: number;
  readonly #clock: Clock;
  /** When each came; without a time to live, it does not matter when. */
  readonly #times = new Map<unknown, number>();
  /**
   * The same keys. The first key of a Map would do, but V8 steps over all those that were deleted in front of it: of
   * 100,000 keys each new one then takes 46 µs, and so 0.3.
   */
  readonly #order: Lane<unknown>;

  constructor(max: number, ttlMs: number, clock: Clock) {
    this.#ttlMs = ttlMs;
    this.#clock = clock;
    this.#order = new Lane({ strategy: 'block', capacity: max });
  }

  /** Remembers a key; false when it is remembered already. */
  add(key: unknown): boolean {
    const now = this.#ttlMs === Infinity ? 0 : this.#clock.now();
    while (this.#isOver(now)) this.#forgetOldest();
    if (this.#times.has(key)) return false;
    if (this.#order.full) this.#forgetOldest();
    this.#order.offer(key);
    this.#times.set(key, now);
    return true;
  }

  /** Whether there is an oldest key, and its time is over. */
  #isOver(now: number): boolean {
    const then = this.#order.size === 0 ? undefined : this.#times.get(this.#order.peek());
    return then !== undefined && now - then >= this.#ttlMs;
  }

  #forgetOldest(): void {
    this.#times.delete(this.#order.take());
  }
}
