import { Subscription } from 'rxjs';

/** A piece of work that is due at a time. Unsubscribing cancels it. */
export class Timer extends Subscription {
  readonly dueAtMs: number;
  /** Earlier timers of the same time come first. */
  readonly order: number;
  #work: (() => void) | undefined;
  readonly #cancelled: () => void;

  /** @param cancelled called when it is cancelled before its work has begun */
  constructor(work: () => void, dueAtMs: number, order: number, cancelled: () => void) {
    super();
    this.dueAtMs = dueAtMs;
    this.order = order;
    this.#work = work;
    this.#cancelled = cancelled;
  }

  /** It was cancelled, or its work has begun. */
  get isOver(): boolean {
    return this.#work === undefined;
  }

  /** Does the work. A timer may be kept for long, so it lets go of what its work refers to. */
  run(): void {
    const work = this.#work;
    this.#work = undefined;
    work?.();
  }

  override unsubscribe(): void {
    if (this.closed) return;
    super.unsubscribe();
    if (this.isOver) return;
    this.#work = undefined;
    this.#cancelled();
  }
}

/**
 * Timers by due time: a binary heap, so a million timers cost little more each than a few.
 * Cancelled timers are removed when they come up, or together once they outnumber the others.
 */
export class Timers {
  #heap: Timer[] = [];
  #cancelled = 0;

  /** The number of timers that are waiting. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  /** The timer that is due first. */
  get first(): Timer | undefined {
    let first = this.#heap[0];
    while (first?.isOver === true) {
      this.#cancelled -= 1;
      this.#removeFirst();
      first = this.#heap[0];
    }
    return first;
  }

  add(timer: Timer): void {
    this.#heap.push(timer);
    this.#rise(timer);
  }

  /** Removes the timer that is due first, and returns it. */
  takeFirst(): Timer | undefined {
    const { first } = this;
    if (first !== undefined) this.#removeFirst();
    return first;
  }

  /** Notes that a timer which has not been taken was cancelled. */
  cancelled(): void {
    this.#cancelled += 1;
    if (this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** All timers that are not cancelled, in no particular order. */
  values(): readonly Timer[] {
    return this.#heap.filter(({ isOver }) => !isOver);
  }

  #compact(): void {
    const live = this.values().toSorted((one, other) => (isBefore(one, other) ? -1 : 1));
    // A sorted array is a heap.
    this.#heap = live;
    this.#cancelled = 0;
  }

  #rise(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(timer, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = timer;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      if (left === undefined) break;
      const right = heap[2 * at + 2];
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  if (one.dueAtMs !== other.dueAtMs) return one.dueAtMs < other.dueAtMs;
  return one.order < other.order;
}
