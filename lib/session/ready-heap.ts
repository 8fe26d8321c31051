/** What stands in a `ReadyHeap`, and its place there. */
export interface Ranked {
  /** Lower comes first. Not to be changed while it stands in the heap. */
  rank: number;
  /** Lower comes first of those with the same rank. Not to be changed either. */
  order: number;
  /** Where it stands in the heap; the heap's own. -1: nowhere. */
  place: number;
}

/**
 * A binary heap with the lowest rank in front. Its items know their places, so that one in the
 * middle can be taken out.
 */
export class ReadyHeap<T extends Ranked> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#raise(item, this.#items.length - 1);
  }

  /** Removes and returns the item in front. */
  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** `item` if it comes in front of all others; else the one that does, whose place it gets. */
  exchange(item: T): T {
    const first = this.#items[0];
    if (first === undefined || isBefore(item, first)) return item;
    first.place = -1;
    this.#sink(item, 0);
    return first;
  }

  /** Takes an item out, if it stands here. */
  remove(item: T): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    const parent = this.#items[(place - 1) >> 1];
    if (place > 0 && parent !== undefined && isBefore(last, parent)) this.#raise(last, place);
    else this.#sink(last, place);
  }

  clear(): void {
    for (const item of this.#items) item.place = -1;
    this.#items.length = 0;
  }

  /** Puts `item` at `from` or above. */
  #raise(item: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || !isBefore(item, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  /** Puts `item` at `from` or below. */
  #sink(item: T, from: number): void {
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      let child = this.#items[below];
      const right = this.#items[below + 1];
      if (child === undefined) break;
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        below += 1;
      }
      if (!isBefore(child, item)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}

function isBefore(one: Ranked, other: Ranked): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.order < other.order);
}
