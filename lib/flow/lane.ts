import { laneBytesDefault, type LaneOptions, type Strategy } from './strategy.ts';

/**
 * The outcome of offering an item to a lane.
 *
 * - `taken`: it waits in the lane
 * - `displaced`: it waits in the lane, and the oldest items were dropped to make room; `displaced`
 *   counts them
 * - `rejected`: it was dropped (`dropNewest`)
 * - `full`: it was not taken; try again when there is room (`block`)
 * - `overflow`: it was not taken, which is an error (`fail`)
 */
export type Offered = 'taken' | 'displaced' | 'rejected' | 'full' | 'overflow';

/** Shared by all empty lanes; never written to. */
const noSlots: never[] = [];
const slotsAtFirst = 8;
/** An empty lane shrinks if it has more slots than this. */
const slotsKeptMax = 1024;

/** The size of an encoded message, for lanes of messages. */
export const bytesOf = (message: Uint8Array): number => message.length;

/**
 * A bounded queue with an overflow strategy: the only place in rxmesh where messages wait. It takes
 * an item while fewer than `capacity` items and fewer than `capacityBytes` bytes wait. Memory grows
 * with the contents, up to the capacity, and is released when the lane is empty.
 */
export class Lane<T> {
  readonly strategy: Strategy;
  readonly capacity: number;
  /** Infinity if items have no size. */
  readonly capacityBytes: number;
  size = 0;
  sizeBytes = 0;
  /** How many items the last offer dropped to make room. */
  displaced = 0;
  /**
   * Called with each item that is dropped to make room, in the middle of `offer`: it may only note
   * the item.
   */
  onDisplaced: ((item: T) => void) | undefined;
  readonly #bytesOf: ((item: T) => number) | undefined;
  #slots: (T | undefined)[] = noSlots;
  #head = 0;

  /**
   * @param bytesOf the size of an item; without it items have no size, and `bytes` has no effect
   */
  constructor({ strategy, capacity, bytes }: LaneOptions, bytesOf?: (item: T) => number) {
    this.strategy = strategy;
    this.capacity = capacity;
    this.capacityBytes = bytesOf === undefined ? Infinity : (bytes ?? laneBytesDefault);
    this.#bytesOf = bytesOf;
  }

  get full(): boolean {
    return this.size >= this.capacity || this.sizeBytes >= this.capacityBytes;
  }

  /** Offers `item` and returns the outcome. Drops are reported only to `onDisplaced`. */
  offer(item: T): Offered {
    this.displaced = 0;
    if (this.full) return this.#offerWhenFull(item);
    this.#append(item);
    return 'taken';
  }

  #offerWhenFull(item: T): Offered {
    switch (this.strategy) {
      case 'block':
        return 'full';
      case 'fail':
        return 'overflow';
      case 'dropNewest':
        return 'rejected';
      case 'dropOldest':
      case 'latest':
        this.#makeRoom();
        this.#append(item);
        return 'displaced';
    }
  }

  /** Appends an item regardless of the bounds: one that already had a place before. */
  restore(item: T): void {
    this.#append(item);
  }

  /** Returns the oldest item without removing it. */
  peek(): T | undefined {
    return this.size === 0 ? undefined : this.#slots[this.#head];
  }

  /** Removes and returns the oldest item. */
  take(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.size -= 1;
    if (this.#bytesOf !== undefined) this.sizeBytes -= this.#bytesOf(item as T);
    if (this.size === 0 && this.#slots.length > slotsKeptMax) this.clear();
    return item;
  }

  /** Drops all items and returns how many there were. */
  clear(): number {
    const dropped = this.size;
    this.#slots = noSlots;
    this.#head = 0;
    this.size = 0;
    this.sizeBytes = 0;
    return dropped;
  }

  #makeRoom(): void {
    const before = this.size;
    while (this.full) {
      const item = this.take();
      if (item !== undefined) this.onDisplaced?.(item);
    }
    this.displaced = before - this.size;
  }

  #append(item: T): void {
    if (this.size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.size) & (this.#slots.length - 1)] = item;
    this.size += 1;
    if (this.#bytesOf !== undefined) this.sizeBytes += this.#bytesOf(item);
  }

  /** Doubles the ring. Its length stays a power of two, so positions wrap with a mask. */
  #grow(): void {
    const { length } = this.#slots;
    const grown = new Array<T | undefined>(length === 0 ? slotsAtFirst : length * 2);
    for (let i = 0; i < length; i++) grown[i] = this.#slots[(this.#head + i) & (length - 1)];
    this.#slots = grown;
    this.#head = 0;
  }
}
