import { isBefore, type Ranked } from './ranked.ts';

/** How many free slots may precede the run before it is moved to the front. */
const freePlacesMax = 1024;

/** A sorted queue that only accepts items belonging at its end, in constant time. */
export class ReadyRun<T extends Ranked> {
  readonly #items: (T | undefined)[];
  /** Where the run starts. */
  #head = 0;

  constructor(item: T) {
    this.#items = [item];
  }

  /** The first item. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** Appends `item`. Returns false if it belongs further ahead. */
  push(item: T): boolean {
    const last = this.#items.at(-1);
    if (last !== undefined && isBefore(item, last)) return false;
    this.#items.push(item);
    return true;
  }

  /** Removes the first item. */
  shift(): void {
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.clear();
    } else if (this.#head > freePlacesMax && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Removes an item by a linear search. Returns false if it is not in the run. */
  remove(item: T): boolean {
    const place = this.#items.indexOf(item, this.#head);
    if (place < 0) return false;
    this.#items.splice(place, 1);
    if (this.#head === this.#items.length) this.clear();
    return true;
  }

  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }
}
