import { isBefore, type Ranked } from './ranked.ts';
import { ReadyHeap } from './ready-heap.ts';
import { ReadyRun } from './ready-run.ts';

/** Runs that are begun before the heap takes what belongs behind none of them. */
const runsMax = 4;

/**
 * What is ready, the lowest rank in front. Most of what comes belongs behind all that is there:
 * lanes take turns. That stands in a run, in order, where it costs the same however many there are.
 * What belongs in front of its end begins another run, since lanes that have sent a little more
 * than others come in between at a few ranks only; a heap takes the rest.
 */
export class ReadyQueue<T extends Ranked> {
  /** How many stand here. */
  size = 0;
  readonly #runs: ReadyRun<T>[] = [];
  readonly #heap = new ReadyHeap<T>();

  push(item: T): void {
    this.size += 1;
    for (const run of this.#runs) if (run.push(item)) return;
    if (this.#runs.length < runsMax) this.#runs.push(new ReadyRun(item));
    else this.#heap.push(item);
  }

  /** Removes and returns the item in front. */
  pop(): T | undefined {
    if (this.size === 0) return undefined;
    this.size -= 1;
    const run = this.#firstRun();
    const first = run?.first;
    const top = this.#heap.first;
    if (first === undefined || (top !== undefined && isBefore(top, first))) return this.#heap.pop();
    run?.shift();
    return first;
  }

  /** `item` if it comes in front of all others; else the one that does. */
  exchange(item: T): T {
    const first = this.#firstRun()?.first;
    const top = this.#heap.first;
    const isFirst =
      (first === undefined || isBefore(item, first)) && (top === undefined || isBefore(item, top));
    if (isFirst) return item;
    this.push(item);
    return this.pop() ?? item;
  }

  /** Takes an item out, with a look at each; false if it does not stand here. */
  remove(item: T): boolean {
    const isRemoved = this.#runs.some((run) => run.remove(item)) || this.#heap.remove(item);
    if (isRemoved) this.size -= 1;
    return isRemoved;
  }

  clear(): void {
    this.size = 0;
    this.#runs.length = 0;
    this.#heap.clear();
  }

  /** The run whose first item comes in front of those of all others. */
  #firstRun(): ReadyRun<T> | undefined {
    let firstRun: ReadyRun<T> | undefined;
    let first: T | undefined;
    for (const run of this.#runs) {
      const item = run.first;
      if (item === undefined || (first !== undefined && isBefore(first, item))) continue;
      first = item;
      firstRun = run;
    }
    return firstRun;
  }
}
