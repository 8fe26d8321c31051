import { VirtualTimeScheduler, type Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';

/** A scheduled piece of work. */
interface Waiting {
  readonly dueAtMs: number;
}

/**
 * A clock of virtual time: nothing happens until a test lets time pass, and then everything that is
 * due runs immediately, in order. It knows what is still scheduled, so a test can detect leftovers.
 */
export class VirtualClock implements Clock {
  /** The scheduler that runs the work. One millisecond is one frame. */
  readonly scheduler: VirtualTimeScheduler;
  readonly #waiting = new Set<Waiting>();

  /** @param scheduler for example a `TestScheduler`, whose marbles then share this time */
  constructor(scheduler: VirtualTimeScheduler = new VirtualTimeScheduler()) {
    this.scheduler = scheduler;
  }

  now(): number {
    return this.scheduler.now();
  }

  schedule(work: () => void, delayMs: number): Subscription {
    const waiting: Waiting = { dueAtMs: this.now() + delayMs };
    const action = this.scheduler.schedule(() => {
      this.#waiting.delete(waiting);
      work();
    }, delayMs);
    action.add(() => this.#waiting.delete(waiting));
    this.#waiting.add(waiting);
    return action;
  }

  afterTurn(work: () => void): Subscription {
    return this.schedule(work, 0);
  }

  /** When the scheduled work is due, in milliseconds, in the order in which it was scheduled. */
  get dueTimesMs(): readonly number[] {
    return Array.from(this.#waiting, ({ dueAtMs }) => dueAtMs);
  }

  /**
   * Lets `ms` milliseconds pass, and runs everything that is due by then. If the work throws, so
   * does this, and everything else that was scheduled is lost.
   *
   * @throws {RangeError} if `ms` is not a finite number of 0 or more
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`ms is a time of 0 or more, not ${ms}`);
    const { scheduler } = this;
    const { maxFrames } = scheduler;
    const untilMs = scheduler.frame + ms;
    scheduler.maxFrames = untilMs;
    try {
      // A TestScheduler's own flush would also check the expectations, which is too early here.
      VirtualTimeScheduler.prototype.flush.call(scheduler);
    } finally {
      scheduler.maxFrames = maxFrames;
    }
    scheduler.frame = untilMs;
  }

  /**
   * Lets time pass until `condition` holds, for at most `limitMs`. The condition is checked
   * whenever everything due at one instant has run. Returns whether it holds.
   */
  advanceUntil(condition: () => boolean, limitMs: number): boolean {
    const endMs = this.now() + limitMs;
    while (!condition()) {
      const next = this.scheduler.actions[0];
      if (next === undefined || next.delay > endMs) return false;
      this.advance(Math.max(0, next.delay - this.now()));
    }
    return true;
  }
}
