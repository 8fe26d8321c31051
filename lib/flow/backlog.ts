import { Lane } from './lane.ts';
import { reportUnhandled } from './report-unhandled.ts';
import type { LaneOptions } from './strategy.ts';

/** A bounded queue of values waiting for one consumer. It reports what it drops. */
export interface Backlog<T> {
  /** How many values wait. */
  readonly size: number;
  /**
   * Adds a value; may drop it, or an older one, to do so. Returns false if there is no room and the
   * strategy allows no drop.
   */
  put(value: T): boolean;
  /** Removes and returns the next value; undefined when empty. */
  take(): T | undefined;
}

/**
 * Empties a backlog after an error and passes every value to `onDrop`. An exception from `onDrop`
 * is reported as unhandled: the consumer is about to receive the original error.
 *
 * @param lost values that never made it into the backlog
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

/** A backlog that drops according to a lane's strategy. */
export class LaneBacklog<T> implements Backlog<T> {
  readonly #lane: Lane<T>;
  readonly #dropped: (value: T) => void;

  /** @param dropped called with each dropped value, after the backlog has been updated */
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

  /** Discards everything without reporting it. */
  clear(): void {
    this.#lane.clear();
  }
}

/**
 * Keeps the newest value of each key, in the order in which the keys first arrived. When there are
 * too many keys, the one that has waited longest is dropped along with its value. A value is also
 * dropped if `keyOf` throws for it.
 */
export class LatestByKey<T> implements Backlog<T> {
  readonly #keyOf: (value: T) => unknown;
  readonly #keys: Lane<unknown>;
  readonly #values = new Map<unknown, T>();
  readonly #dropped: (value: T) => void;

  /** @param dropped see `LaneBacklog` */
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
