import { laneBytesDefault, type LaneOptions, type Strategy } from './strategy.ts';

/**
 * What became of an item that was offered to a lane.
 *
 * - `taken`: it waits in the lane
 * - `displaced`: it waits in the lane, and the oldest items were dropped for it, `displaced` of
 *   them
 * - `rejected`: it was dropped (`dropNewest`)
 * - `full`: it was not taken, try again when there is room (`block`)
 * - `overflow`: it was not taken, and that is an error (`fail`)
 */
export type Offered = 'taken' | 'displaced' | 'rejected' | 'full' | 'overflow';

/** The places of all lanes that have none: nothing is ever written there. */
const noSlots: never[] = [];
const slotsAtFirst = 8;
/** A lane that has become empty keeps no more places than this. */
const slotsKeptMax = 1024;

/** Size of an encoded message, for lanes of such. */
export const bytesOf = (message: Uint8Array): number => message.length;

/**
 * A bounded queue with an overflow strategy: the only place in rxmesh where messages wait. It takes
 * an item while fewer than `capacity` items and fewer than `capacityBytes` bytes wait.
 * Memory grows with what waits, up to the capacity, and shrinks when nothing does.
 */
export class Lane<T> {
  readonly strategy: Strategy;
  readonly capacity: number;
  /** Infinity when the items have no size. */
  readonly capacityBytes: number;
  /** How many items wait. */
  size = 0;
  sizeBytes = 0;
  /** How many items the last offer dropped for the sake of the newcomer. */
  displaced = 0;
  /** Hears of each item that is dropped for the sake of a newcomer. */
  onDisplaced: ((item: T) => void) | undefined;
  readonly #bytesOf: ((item: T) => number) | undefined;
  #slots: (T | undefined)[] = noSlots;
  #head = 0;

  /**
   * @param bytesOf the size of an item; without it the items have none, and `bytes` bounds nothing
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

  /**
   * Takes `item` as the strategy has it. It says what became of it, and tells nobody what was
   * dropped.
   */
  offer(item: T): Offered {
    this.displaced = 0;
    if (!this.full) {
      this.#append(item);
      return 'taken';
    }
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

  /** Puts an item behind the others, whatever the bounds: one that had a place before. */
  restore(item: T): void {
    this.#append(item);
  }

  /** The item that has waited longest. */
  peek(): T | undefined {
    return this.size === 0 ? undefined : this.#slots[this.#head];
  }

  /** Removes and returns the item that has waited longest. */
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

  /** Drops everything that waits; returns how many that were. */
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

  /** Doubles the ring; its length stays a power of two, so that positions wrap with a mask. */
  #grow(): void {
    const { length } = this.#slots;
    const grown = new Array<T | undefined>(length === 0 ? slotsAtFirst : length * 2);
    for (let i = 0; i < length; i++) grown[i] = this.#slots[(this.#head + i) & (length - 1)];
    this.#slots = grown;
    this.#head = 0;
  }
}
