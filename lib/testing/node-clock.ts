import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';

/** Work that came due while its node was frozen. */
interface Late {
  readonly work: () => void;
  readonly timer: Subscription;
}

/**
 * The clock of one node: the simulation's time, with a date of its own that can be set, and with
 * timers that wait while the node is frozen.
 *
 *     due      --a--b--------c--
 *     frozen   -----[------]----
 *     runs     --a---------bc---
 */
export class NodeClock implements Clock {
  readonly #clock: Clock;
  #setMs = 0;
  #isFrozen = false;
  #late: Late[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** The date that the node reads. Unlike `now`, it may be set, even backwards. */
  date(): number {
    return this.#clock.now() + this.#setMs;
  }

  /** Sets the date forward, or back by a negative time. Timers are not affected. */
  setDate(byMs: number): void {
    this.#setMs += byMs;
  }

  schedule(work: () => void, delayMs: number): Subscription {
    const timer = this.#clock.schedule(() => {
      if (this.#isFrozen) this.#late.push({ work, timer });
      else work();
    }, delayMs);
    return timer;
  }

  afterTurn(work: () => void): Subscription {
    return this.schedule(work, 0);
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  /** Runs what came due meanwhile, in order. */
  thaw(): void {
    this.#isFrozen = false;
    const late = this.#late;
    this.#late = [];
    for (const { work, timer } of late) if (!timer.closed) work();
  }
}
