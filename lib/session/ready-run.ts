import { isBefore, type Ranked } from './ranked.ts';

/** Places in front of the run that are free before it is moved there. */
const freePlacesMax = 1024;

/**
 * A queue in order: it takes only what belongs at its end, and costs the same however much it
 * holds.
 */
export class ReadyRun<T extends Ranked> {
  readonly #items: (T | undefined)[];
  /** Where the run begins. */
  #head = 0;

  constructor(item: T) {
    this.#items = [item];
  }

  /** The item in front. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** Puts `item` at the end; false if it belongs further in front. */
  push(item: T): boolean {
    const last = this.#items.at(-1);
    if (last !== undefined && isBefore(item, last)) return false;
    this.#items.push(item);
    return true;
  }

  /** Removes the item in front. */
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

  /** Takes an item out, with a look at each; false if it does not stand here. */
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
