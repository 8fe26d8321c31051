import type { Subscription } from 'rxjs';
import { type Clock, systemClock } from './clock.ts';
import { forwardClock, isForward } from './forward-clock.ts';
import { reportUnhandled } from './report-unhandled.ts';

/** Called when a callback from the options has thrown or returned something invalid. */
export type CallbackFailed = (callback: string, thrown: unknown) => void;

const unhandled: CallbackFailed = (_, thrown) => reportUnhandled(thrown);

/**
 * Wraps `random` so that it never fails: if it throws or returns anything but a number in [0, 1),
 * the result is 0.5.
 *
 * @param failed called for the first failure, and again for the first one after a success. By
 *   default failures are reported as unhandled
 */
export function guardedRandom(
  random: () => number,
  failed: CallbackFailed = unhandled,
): () => number {
  const failures = new Failures('random', failed);
  return () => {
    try {
      const number: unknown = random();
      if (typeof number !== 'number' || !(number >= 0 && number < 1)) {
        throw new RangeError(`random: a number from 0 up to 1, not ${String(number)}`);
      }
      failures.isOver();
      return number;
    } catch (thrown) {
      failures.tell(thrown);
      return 0.5;
    }
  };
}

/**
 * Wraps `clock` so that it neither fails nor goes backwards (see `forwardClock`). If `now` throws
 * or returns something other than a number, time stands still; if `schedule` or `afterTurn` throws,
 * the system's timers are used.
 *
 * @param failed see `guardedRandom`
 */
export function guardedClock(clock: Clock, failed: CallbackFailed = unhandled): Clock {
  return isForward(clock) ? clock : forwardClock(new GuardedClock(clock, failed));
}

class GuardedClock implements Clock {
  readonly #clock: Clock;
  readonly #now: Failures;
  readonly #schedule: Failures;
  readonly #afterTurn: Failures;
  #lastMs = 0;

  constructor(clock: Clock, failed: CallbackFailed) {
    this.#clock = clock;
    this.#now = new Failures('clock.now', failed);
    this.#schedule = new Failures('clock.schedule', failed);
    this.#afterTurn = new Failures('clock.afterTurn', failed);
  }

  now(): number {
    try {
      const ms: unknown = this.#clock.now();
      if (typeof ms !== 'number' || Number.isNaN(ms)) {
        throw new TypeError(`clock.now: a number of milliseconds, not ${String(ms)}`);
      }
      this.#lastMs = ms;
      this.#now.isOver();
    } catch (thrown) {
      this.#now.tell(thrown);
    }
    return this.#lastMs;
  }

  schedule(work: () => void, delayMs: number): Subscription {
    try {
      const timer = this.#clock.schedule(work, delayMs);
      this.#schedule.isOver();
      return timer;
    } catch (thrown) {
      this.#schedule.tell(thrown);
      return systemClock.schedule(work, delayMs);
    }
  }

  afterTurn(work: () => void): Subscription {
    try {
      const timer = this.#clock.afterTurn(work);
      this.#afterTurn.isOver();
      return timer;
    } catch (thrown) {
      this.#afterTurn.tell(thrown);
      return systemClock.afterTurn(work);
    }
  }
}

/**
 * Tracks the failures of one callback. A callback that keeps failing is reported only once, since
 * it may run for every message.
 */
class Failures {
  readonly #callback: string;
  readonly #failed: CallbackFailed;
  #isFailing = false;

  constructor(callback: string, failed: CallbackFailed) {
    this.#callback = callback;
    this.#failed = failed;
  }

  tell(thrown: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#failed(this.#callback, thrown);
  }

  isOver(): void {
    this.#isFailing = false;
  }
}
