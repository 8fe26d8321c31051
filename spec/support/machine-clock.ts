import { Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';

interface Timer {
  readonly dueAtMs: number;
  readonly work: () => void;
}

/**
 * The clock of a machine that a test can run, put to sleep and set. A `Clock` should never be set,
 * but this one can be.
 */
export class MachineClock implements Clock {
  /** Time since the start, whatever the clock shows. */
  passedMs = 0;
  #setMs = 0;
  /** Sorted by due time, then by the order of scheduling. */
  #timers: Timer[] = [];

  now(): number {
    return this.passedMs + this.#setMs;
  }

  schedule(work: () => void, delayMs: number): Subscription {
    const timer: Timer = { dueAtMs: this.passedMs + delayMs, work };
    const behind = this.#timers.findIndex(({ dueAtMs }) => dueAtMs > timer.dueAtMs);
    this.#timers.splice(behind === -1 ? this.#timers.length : behind, 0, timer);
    return new Subscription(() => (this.#timers = this.#timers.filter((each) => each !== timer)));
  }

  afterTurn(work: () => void): Subscription {
    return this.schedule(work, 0);
  }

  /** How many timers are running. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Sets the clock forward, or back by a negative time. Timers are not affected. */
  set(byMs: number): void {
    this.#setMs += byMs;
  }

  /** Time passes, and what is due meanwhile runs. */
  advance(ms: number): void {
    const endMs = this.passedMs + ms;
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      // A timer that was due during a sleep is late.
      this.passedMs = Math.max(this.passedMs, next.dueAtMs);
      next.work();
    }
    this.passedMs = endMs;
  }

  /** Time passes, but nothing runs: what was due is late. */
  sleep(ms: number): void {
    this.passedMs += ms;
  }

  #next(endMs: number): Timer | undefined {
    const [first] = this.#timers;
    return first !== undefined && first.dueAtMs <= endMs ? this.#timers.shift() : undefined;
  }
}
