import { Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';

interface Timer {
  readonly dueAtMs: number;
  readonly work: () => void;
}

/**
 * The clock of a machine that a test lets run, puts to sleep, and whose time it sets: a forward
 * clock must not be set, but may be.
 */
export class MachineClock implements Clock {
  /** Since the beginning, whatever the clock says. */
  passedMs = 0;
  #setMs = 0;
  /** By when they are due, and then in the order in which they were scheduled. */
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

  /** How many timers run. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Sets the clock forward, or back by a negative time. Timers take no notice. */
  set(byMs: number): void {
    this.#setMs += byMs;
  }

  /** Time passes, and what is due meanwhile happens. */
  advance(ms: number): void {
    const endMs = this.passedMs + ms;
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      // One that was due during a sleep is late.
      this.passedMs = Math.max(this.passedMs, next.dueAtMs);
      next.work();
    }
    this.passedMs = endMs;
  }

  /** Time passes, and nothing happens: what was due is late. */
  sleep(ms: number): void {
    this.passedMs += ms;
  }

  #next(endMs: number): Timer | undefined {
    const [first] = this.#timers;
    return first !== undefined && first.dueAtMs <= endMs ? this.#timers.shift() : undefined;
  }
}
