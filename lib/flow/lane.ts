import type { LaneOptions, Strategy } from './strategy.ts';

/**
 * What became of an item that was offered to a lane.
 *
 * - `taken`: it waits in the lane
 * - `displaced`: it waits in the lane, and the oldest item was dropped for it
 * - `rejected`: it was dropped (`dropNewest`)
 * - `full`: it was not taken, try again when there is room (`block`)
 * - `overflow`: it was not taken, and that is an error (`fail`)
 */
export type Offered = 'taken' | 'displaced' | 'rejected' | 'full' | 'overflow';

const slotsAtFirst = 8;
/** A lane that has become empty keeps no more places than this. */
const slotsKeptMax = 1024;

/**
 * A bounded queue with an overflow strategy: the only place in rxmesh where messages wait.
 * Memory grows with what waits, up to the capacity, and shrinks when nothing does.
 */
export class Lane<T> {
  readonly strategy: Strategy;
  readonly capacity: number;
  /** How many items wait. */
  size = 0;
  #slots: (T | undefined)[] = [];
  #head = 0;

  constructor({ strategy, capacity }: LaneOptions) {
    this.strategy = strategy;
    this.capacity = capacity;
  }

  get full(): boolean {
    return this.size >= this.capacity;
  }

  /** Takes `item` as the strategy has it. It says what became of it, and tells nobody what was dropped. */
  offer(item: T): Offered {
    if (this.size < this.capacity) {
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
        this.take();
        this.#append(item);
        return 'displaced';
    }
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
    if (this.size === 0 && this.#slots.length > slotsKeptMax) this.clear();
    return item;
  }

  /** Drops everything that waits; returns how many that were. */
  clear(): number {
    const dropped = this.size;
    this.#slots = [];
    this.#head = 0;
    this.size = 0;
    return dropped;
  }

  #append(item: T): void {
    if (this.size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.size) & (this.#slots.length - 1)] = item;
    this.size += 1;
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
