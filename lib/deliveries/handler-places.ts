import type { Clock } from '../index.ts';

/** Something that waits for a place. */
export interface Waiting {
  /** There is a place. */
  next(): void;
}

/** How many handlers may run at the same time. Those that find no place wait in a queue. */
export class HandlerPlaces {
  readonly #count: number;
  readonly #clock: Clock;
  readonly #queue = new Set<Waiting>();
  #taken = 0;
  /** Places that are kept for those who have waited. */
  #invited = 0;

  constructor(count: number, clock: Clock) {
    this.#count = count;
    this.#clock = clock;
  }

  /** How many handlers run. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether there is a place. If not, calls `waiting.next` once there is one. */
  mayTake(waiting: Waiting): boolean {
    if (this.#hasFree()) return true;
    this.#queue.add(waiting);
    return false;
  }

  /** A handler begins, or has ended. */
  runs(by: 1 | -1): void {
    this.#taken += by;
    if (by === -1) this.#invite();
  }

  #hasFree(): boolean {
    return this.#taken + this.#invited < this.#count;
  }

  /** Keeps free places for those that wait: the one that has just ended comes after them. */
  #invite(): void {
    while (this.#hasFree()) {
      const [first] = this.#queue;
      if (first === undefined) return;
      this.#queue.delete(first);
      this.#invited += 1;
      this.#clock.afterTurn(() => {
        this.#invited -= 1;
        first.next();
        this.#invite();
      });
    }
  }
}
