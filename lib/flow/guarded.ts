import type { Subscription } from 'rxjs';
import { described } from '../model/described.ts';
import { type Clock, dateOf, systemClock } from './clock.ts';
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
        const range = 'a number of at least 0 and below 1';
        throw new RangeError(`random() must return ${range}, got ${described(number)}`);
      }
      failures.reset();
      return number;
    } catch (thrown) {
      failures.report(thrown);
      return 0.5;
    }
  };
}

/**
 * Wraps `clock` so that it neither fails nor goes backwards (see `forwardClock`). If `now` throws
 * or returns something other than a number, time stands still; if `date` does, or `schedule` or
 * `afterTurn` throws, the system's date and timers are used.
 *
 * @param failed see `guardedRandom`
 */
export function guardedClock(clock: Clock, failed: CallbackFailed = unhandled): Clock {
  return isForward(clock) ? clock : forwardClock(new GuardedClock(clock, failed));
}

class GuardedClock implements Clock {
  readonly #clock: Clock;
  readonly #now: Failures;
  readonly #date: Failures;
  readonly #schedule: Failures;
  readonly #afterTurn: Failures;
  #lastMs = 0;

  constructor(clock: Clock, failed: CallbackFailed) {
    this.#clock = clock;
    this.#now = new Failures('clock.now', failed);
    this.#date = new Failures('clock.date', failed);
    this.#schedule = new Failures('clock.schedule', failed);
    this.#afterTurn = new Failures('clock.afterTurn', failed);
  }

  now(): number {
    try {
      const ms: unknown = this.#clock.now();
      if (typeof ms !== 'number' || Number.isNaN(ms)) {
        const text = `clock.now() must return a number (milliseconds), got ${described(ms)}`;
        throw new TypeError(text);
      }
      this.#lastMs = ms;
      this.#now.reset();
    } catch (thrown) {
      this.#now.report(thrown);
    }
    return this.#lastMs;
  }

  date(): number {
    try {
      const ms: unknown = dateOf(this.#clock);
      if (typeof ms !== 'number' || !Number.isFinite(ms)) {
        const text = `clock.date() must return a number (milliseconds), got ${described(ms)}`;
        throw new TypeError(text);
      }
      this.#date.reset();
      return ms;
    } catch (thrown) {
      this.#date.report(thrown);
      return dateOf(systemClock);
    }
  }

  schedule(work: () => void, delayMs: number): Subscription {
    try {
      const timer = this.#clock.schedule(work, delayMs);
      this.#schedule.reset();
      return timer;
    } catch (thrown) {
      this.#schedule.report(thrown);
      return systemClock.schedule(work, delayMs);
    }
  }

  afterTurn(work: () => void): Subscription {
    try {
      const timer = this.#clock.afterTurn(work);
      this.#afterTurn.reset();
      return timer;
    } catch (thrown) {
      this.#afterTurn.report(thrown);
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

  report(thrown: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#failed(this.#callback, thrown);
  }

  reset(): void {
    this.#isFailing = false;
  }
}
