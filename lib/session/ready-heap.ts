import type { Ranked } from './ranked.ts';

/**
 * A binary min-heap by rank. Ranks are copied into arrays of numbers so that comparisons do not
 * touch the items, which are scattered in memory: with a thousand items, this halves the time.
 */
export class ReadyHeap<T extends Ranked> {
  readonly #items: T[] = [];
  readonly #ranks: number[] = [];
  readonly #orders: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item with the lowest rank. */
  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#raise(this.#items.length, item, item.rank, item.order);
  }

  /** Removes and returns the item with the lowest rank. */
  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.#removeAt(0);
    return first;
  }

  /**
   * Returns `item` if it precedes all others. Otherwise returns the first item and puts `item` in
   * its place.
   */
  exchange(item: T): T {
    const first = this.#items[0];
    const { rank, order } = item;
    if (first === undefined || this.#isBefore(rank, order, 0)) return item;
    this.#sink(0, item, rank, order);
    return first;
  }

  /** Removes an item by a linear search. Returns false if it is not in the heap. */
  remove(item: T): boolean {
    const place = this.#items.indexOf(item);
    if (place < 0) return false;
    this.#removeAt(place);
    return true;
  }

  clear(): void {
    this.#items.length = 0;
    this.#ranks.length = 0;
    this.#orders.length = 0;
  }

  #removeAt(place: number): void {
    const last = this.#items.pop();
    const rank = this.#ranks.pop();
    const order = this.#orders.pop();
    if (last === undefined || rank === undefined || order === undefined) return;
    if (place === this.#items.length) return;
    if (place > 0 && this.#isBefore(rank, order, (place - 1) >> 1)) {
      this.#raise(place, last, rank, order);
    } else {
      this.#sink(place, last, rank, order);
    }
  }

  /** Puts `item` at `from` or above. */
  #raise(from: number, item: T, rank: number, order: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(rank, order, parent)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, item, rank, order);
  }

  /** Puts `item` at `from` or below. */
  #sink(from: number, item: T, rank: number, order: number): void {
    const { length } = this.#items;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      const right = child + 1;
      if (right < length && this.#isBefore(this.#rankAt(right), this.#orderAt(right), child)) {
        child = right;
      }
      if (this.#isBefore(rank, order, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, item, rank, order);
  }

  /** Whether this rank and order come before the item at `place`. */
  #isBefore(rank: number, order: number, place: number): boolean {
    const other = this.#rankAt(place);
    return rank < other || (rank === other && order < this.#orderAt(place));
  }

  #rankAt(place: number): number {
    return this.#ranks[place] ?? 0;
  }

  #orderAt(place: number): number {
    return this.#orders[place] ?? 0;
  }

  #move(from: number, to: number): void {
    const item = this.#items[from];
    if (item !== undefined) this.#put(to, item, this.#rankAt(from), this.#orderAt(from));
  }

  #put(place: number, item: T, rank: number, order: number): void {
    this.#items[place] = item;
    this.#ranks[place] = rank;
    this.#orders[place] = order;
  }
}
