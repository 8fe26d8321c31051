import { VirtualTimeScheduler, type Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';

/** Something that waits for its time. */
interface Waiting {
  readonly dueAtMs: number;
}

/**
 * A clock of virtual time: nothing happens until somebody lets time pass, and then everything that
 * is due happens at once, in its order. It knows what still waits, so that a test can see what was
 * forgotten.
 */
export class VirtualClock implements Clock {
  /** Where the work is scheduled; one millisecond is one frame. */
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

  /** When what waits is due, in milliseconds, in the order in which it was scheduled. */
  get dueTimesMs(): readonly number[] {
    return Array.from(this.#waiting, ({ dueAtMs }) => dueAtMs);
  }

  /**
   * Lets `ms` pass: what is due meanwhile happens, what is due later does not. What the work throws
   * comes out here, and everything else that was scheduled is gone then.
   *
   * @throws {RangeError} `ms` is not a time of 0 or more
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`ms is a time of 0 or more, not ${ms}`);
    const { scheduler } = this;
    const { maxFrames } = scheduler;
    const untilMs = scheduler.frame + ms;
    scheduler.maxFrames = untilMs;
    try {
      // A TestScheduler's own flush would also judge the expectations, which is not yet the time
      // for.
      VirtualTimeScheduler.prototype.flush.call(scheduler);
    } finally {
      scheduler.maxFrames = maxFrames;
    }
    scheduler.frame = untilMs;
  }

  /**
   * Lets time pass until `condition` holds, `limitMs` at most; it is asked whenever everything that
   * was due at one moment has happened. Returns whether it holds.
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
