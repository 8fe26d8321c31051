import { Lane } from './lane.ts';
import { reportUnhandled } from './report-unhandled.ts';
import type { LaneOptions } from './strategy.ts';

/** What waits for a consumer, in order. It is bounded, and tells what it drops. */
export interface Backlog<T> {
  /** How many values wait. */
  readonly size: number;
  /**
   * Takes a value, and may drop it or another one; false when it has no place and may drop none.
   */
  put(value: T): boolean;
  /** Removes the value that is next; undefined when none waits. */
  take(): T | undefined;
}

/**
 * Tells `onDrop` of all that an error drops. What that throws is reported: the first error is the
 * consumer's.
 *
 * @param lost has no place in the backlog
 */
export function dropAll<T>(
  backlog: Backlog<T>,
  onDrop: (value: T) => void,
  ...lost: readonly T[]
): void {
  try {
    while (backlog.size > 0) onDrop(backlog.take() as T);
    for (const value of lost) onDrop(value);
  } catch (thrown) {
    reportUnhandled(thrown);
  }
}

/** A lane whose strategy decides what is dropped. */
export class LaneBacklog<T> implements Backlog<T> {
  readonly #lane: Lane<T>;
  readonly #dropped: (value: T) => void;

  /**
   * @param dropped hears of each value that is dropped, once the backlog is as it will be without
   * it
   */
  constructor(options: LaneOptions, dropped: (value: T) => void) {
    this.#lane = new Lane(options);
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#lane.size;
  }

  put(value: T): boolean {
    const { strategy, full } = this.#lane;
    if (full && (strategy === 'dropOldest' || strategy === 'latest')) {
      const oldest = this.#lane.take() as T;
      this.#lane.offer(value);
      this.#dropped(oldest);
      return true;
    }
    const offered = this.#lane.offer(value);
    if (offered === 'rejected') this.#dropped(value);
    return offered === 'taken' || offered === 'rejected';
  }

  take(): T | undefined {
    return this.#lane.take();
  }

  /** Lets go of what waits, and tells nobody. */
  clear(): void {
    this.#lane.clear();
  }
}

/**
 * Keeps the newest value of each key, in the order in which the keys came. When there are too many
 * keys, the one that has waited longest is dropped with its value. A value whose key cannot be told
 * is dropped, too.
 */
export class LatestByKey<T> implements Backlog<T> {
  readonly #keyOf: (value: T) => unknown;
  readonly #keys: Lane<unknown>;
  readonly #values = new Map<unknown, T>();
  readonly #dropped: (value: T) => void;

  /** @param dropped as of `LaneBacklog` */
  constructor(keyOf: (value: T) => unknown, keysMax: number, dropped: (value: T) => void) {
    this.#keyOf = keyOf;
    this.#keys = new Lane({ strategy: 'block', capacity: keysMax });
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#keys.size;
  }

  put(value: T): boolean {
    let key: unknown;
    try {
      key = this.#keyOf(value);
    } catch (thrown) {
      reportUnhandled(thrown);
      this.#dropped(value);
      return true;
    }
    const known = this.#values.has(key);
    const drops = known || this.#keys.full;
    const old = known ? this.#values.get(key) : drops ? this.take() : undefined;
    if (!known) this.#keys.offer(key);
    this.#values.set(key, value);
    if (drops) this.#dropped(old as T);
    return true;
  }

  take(): T | undefined {
    if (this.#keys.size === 0) return undefined;
    const key = this.#keys.take();
    const value = this.#values.get(key);
    this.#values.delete(key);
    return value;
  }
}
