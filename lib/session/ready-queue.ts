import { type Ranked, ReadyHeap } from './ready-heap.ts';

/** Places in front of the run that are free before it is moved there. */
const freePlacesMax = 1024;

/**
 * What is ready, the lowest rank in front. Most of what comes belongs behind all that is there: lanes take
 * turns. That stands in a run, in order, where it costs the same however many there are; the rest in a heap.
 */
export class ReadyQueue<T extends Ranked> {
  readonly #run: (T | undefined)[] = [];
  /** Where the run begins. */
  #head = 0;
  readonly #heap = new ReadyHeap<T>();

  get size(): number {
    return this.#run.length - this.#head + this.#heap.size;
  }

  push(item: T): void {
    const last = this.#run.at(-1);
    if (last === undefined || !isBefore(item, last)) this.#run.push(item);
    else this.#heap.push(item);
  }

  /** Removes and returns the item in front. */
  pop(): T | undefined {
    const first = this.#run[this.#head];
    if (first === undefined) return this.#heap.pop();
    const top = this.#heap.first;
    if (top !== undefined && isBefore(top, first)) return this.#heap.pop();
    this.#shift();
    return first;
  }

  /** `item` if it comes in front of all others; else the one that does. */
  exchange(item: T): T {
    const first = this.#run[this.#head];
    const top = this.#heap.first;
    const isFirst =
      (first === undefined || isBefore(item, first)) && (top === undefined || isBefore(item, top));
    if (isFirst) return item;
    this.push(item);
    return this.pop() ?? item;
  }

  /** Takes an item out, with a look at each; false if it does not stand here. */
  remove(item: T): boolean {
    const place = this.#run.indexOf(item, this.#head);
    if (place < 0) return this.#heap.remove(item);
    this.#run.splice(place, 1);
    if (this.#head === this.#run.length) this.#clearRun();
    return true;
  }

  clear(): void {
    this.#clearRun();
    this.#heap.clear();
  }

  #shift(): void {
    this.#run[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#run.length) {
      this.#clearRun();
    } else if (this.#head > freePlacesMax && this.#head * 2 > this.#run.length) {
      this.#run.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #clearRun(): void {
    this.#run.length = 0;
    this.#head = 0;
  }
}

function isBefore(one: Ranked, other: Ranked): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.order < other.order);
}
