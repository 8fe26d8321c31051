/**
 * A set that knows which of its items ranks first. A binary heap with an index of its items, so
 * that every change costs O(log n).
 */
export class RankedSet<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();

  /** @param compare as for `sort`, but never 0 for two different items */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The item that ranks first. */
  get first(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return this.#places.has(item);
  }

  /**
   * Adds, moves or removes an item. Also call it when the rank of an item has changed, before any
   * other item is touched.
   *
   * @param isMember whether the item belongs to the set from now on
   */
  set(item: T, isMember: boolean): void {
    if (!isMember) this.delete(item);
    else this.#sift(item, this.#places.get(item) ?? this.#items.length);
  }

  /** Removes an item; false if it was not in the set. */
  delete(item: T): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const last = this.#items.pop();
    if (last !== undefined && last !== item) this.#sift(last, place);
    return true;
  }

  /** Moves `item` up or down from `place` to where it belongs. */
  #sift(item: T, place: number): void {
    const raised = this.#raise(item, place);
    if (raised === place) this.#sink(item, place);
  }

  #raise(item: T, from: number): number {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#items[parent];
      if (above === undefined || this.#compare(above, item) <= 0) break;
      this.#put(above, place);
      place = parent;
    }
    this.#put(item, place);
    return place;
  }

  #sink(item: T, from: number): void {
    let place = from;
    for (;;) {
      const child = this.#firstChild(place);
      const below = this.#items[child];
      if (below === undefined || this.#compare(item, below) <= 0) break;
      this.#put(below, place);
      place = child;
    }
    this.#put(item, place);
  }

  #firstChild(place: number): number {
    const left = 2 * place + 1;
    const a = this.#items[left];
    const b = this.#items[left + 1];
    return a !== undefined && b !== undefined && this.#compare(b, a) < 0 ? left + 1 : left;
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }
}
