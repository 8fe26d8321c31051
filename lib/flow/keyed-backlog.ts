import type { Backlog } from './backlog.ts';
import { Chain, type Link } from './chain.ts';
import { reportUnhandled } from './report-unhandled.ts';
import type { LaneOptions } from './strategy.ts';

/** A waiting value, linked to all others in order of arrival. */
interface Entry<T> extends Link<Entry<T>> {
  readonly value: T;
  readonly key: Key<T>;
  /** The next value with the same key. */
  next: Entry<T> | undefined;
}

/** A key that is busy or has waiting values. Linked to other keys while it is free and has some. */
interface Key<T> extends Link<Key<T>> {
  readonly name: unknown;
  /** One of its values has been taken, and that value's turn has not ended. */
  isBusy: boolean;
  first: Entry<T> | undefined;
  last: Entry<T> | undefined;
}

/**
 * A backlog in which values with the same key take turns: the next one can be taken only when the
 * turn of the previous one has ended. Values of one key keep their order; free keys are served in
 * the order in which they became free. The values together are bounded as in a lane. Each operation
 * takes constant time. A value for which `keyOf` throws is dropped.
 */
export class KeyedBacklog<T> implements Backlog<T> {
  size = 0;
  readonly #lane: LaneOptions;
  readonly #keyOf: (value: T) => unknown;
  readonly #dropped: (value: T) => void;
  readonly #keys = new Map<unknown, Key<T>>();
  /** In order of arrival. */
  readonly #all = new Chain<Entry<T>>();
  readonly #free = new Chain<Key<T>>();
  #taken: Key<T> | undefined;

  /** @param dropped called with each dropped value, after the backlog has been updated */
  constructor(lane: LaneOptions, keyOf: (value: T) => unknown, dropped: (value: T) => void) {
    this.#lane = lane;
    this.#keyOf = keyOf;
    this.#dropped = dropped;
  }

  /** Whether a value with a free key is waiting, so that `take` returns one. */
  get isReady(): boolean {
    return this.#free.first !== undefined;
  }

  put(value: T): boolean {
    let name: unknown;
    try {
      name = this.#keyOf(value);
    } catch (thrown) {
      reportUnhandled(thrown);
      this.#dropped(value);
      return true;
    }
    const { strategy, capacity } = this.#lane;
    const oldest = this.size < capacity ? undefined : this.#all.first;
    if (oldest === undefined) {
      this.#append(value, name);
      return true;
    }
    if (strategy === 'dropNewest') {
      this.#dropped(value);
      return true;
    }
    if (strategy !== 'dropOldest' && strategy !== 'latest') return false;
    this.#drop(oldest);
    this.#append(value, name);
    this.#dropped(oldest.value);
    return true;
  }

  /** Takes the next value and starts its key's turn. The caller must then call `turn` for it. */
  take(): T | undefined {
    const key = this.#free.first;
    if (key === undefined) return undefined;
    this.#free.remove(key);
    key.isBusy = true;
    this.#taken = key;
    return this.#removeFirstOf(key);
  }

  /** Returns a function that ends the turn of the value taken last and then calls `then`. */
  turn(then: () => void): () => void {
    const key = this.#taken;
    return () => {
      if (key !== undefined) this.#endTurn(key);
      then();
    };
  }

  #append(value: T, name: unknown): void {
    const key = this.#keys.get(name) ?? this.#added(name);
    const entry: Entry<T> = { value, key, next: undefined, before: undefined, after: undefined };
    this.size += 1;
    this.#all.append(entry);
    if (key.last !== undefined) key.last.next = entry;
    else {
      key.first = entry;
      if (!key.isBusy) this.#free.append(key);
    }
    key.last = entry;
  }

  #added(name: unknown): Key<T> {
    const lists = { first: undefined, last: undefined, before: undefined, after: undefined };
    const key: Key<T> = { name, isBusy: false, ...lists };
    this.#keys.set(name, key);
    return key;
  }

  /** Drops the oldest value of all, which is also the first of its key. */
  #drop({ key }: Entry<T>): void {
    this.#removeFirstOf(key);
    if (key.first !== undefined || key.isBusy) return;
    this.#free.remove(key);
    this.#keys.delete(key.name);
  }

  #removeFirstOf(key: Key<T>): T | undefined {
    const entry = key.first;
    if (entry === undefined) return undefined;
    this.size -= 1;
    this.#all.remove(entry);
    key.first = entry.next;
    if (key.first === undefined) key.last = undefined;
    return entry.value;
  }

  #endTurn(key: Key<T>): void {
    key.isBusy = false;
    if (key.first === undefined) this.#keys.delete(key.name);
    else this.#free.append(key);
  }
}
