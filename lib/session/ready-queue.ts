import { isBefore, type Ranked } from './ranked.ts';
import { ReadyHeap } from './ready-heap.ts';
import { ReadyRun } from './ready-run.ts';

/** How many runs there may be. The heap takes items that fit at the end of none of them. */
const runsMax = 4;

/**
 * A priority queue with the lowest rank first. Most items belong behind all that are already there,
 * since lanes take turns. Those are appended to a sorted run, in constant time. An item that
 * belongs before the end of a run starts another run: lanes that have sent slightly more than
 * others fall in between at only a few ranks. A heap takes the rest.
 */
export class ReadyQueue<T extends Ranked> {
  size = 0;
  readonly #runs: ReadyRun<T>[] = [];
  readonly #heap = new ReadyHeap<T>();

  push(item: T): void {
    this.size += 1;
    for (const run of this.#runs) if (run.push(item)) return;
    if (this.#runs.length < runsMax) this.#runs.push(new ReadyRun(item));
    else this.#heap.push(item);
  }

  /** Removes and returns the first item. */
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

  /**
   * Returns `item` if it precedes all others. Otherwise queues it and removes and returns the
   * first.
   */
  exchange(item: T): T {
    const first = this.#firstRun()?.first;
    const top = this.#heap.first;
    const isFirst =
      (first === undefined || isBefore(item, first)) && (top === undefined || isBefore(item, top));
    if (isFirst) return item;
    this.push(item);
    return this.pop() ?? item;
  }

  /** Removes an item by a linear search. Returns false if it is not queued. */
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

  /** The run with the first item of all runs. */
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
