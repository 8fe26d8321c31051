import type { Subscription } from 'rxjs';
import { type Clock, systemClock } from './clock.ts';
import { forwardClock, isForward } from './forward-clock.ts';
import { reportUnhandled } from './report-unhandled.ts';

/** Hears that a function which was given in options has thrown, or has answered nonsense. */
export type CallbackFailed = (callback: string, thrown: unknown) => void;

const unhandled: CallbackFailed = (_, thrown) => reportUnhandled(thrown);

/**
 * `random`, which does not fail: where it throws, or gives no number from 0 up to 1, 0.5 is taken.
 *
 * @param failed hears of the first failure, and of the first one after it has worked again.
 *   Default: it is reported as unhandled
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
 * `clock`, which neither fails nor goes back (see `forwardClock`): where `now` throws, or gives no
 * number, it is as late as it was before; where `schedule` or `afterTurn` throw, the system's
 * timers do it.
 *
 * @param failed as of `guardedRandom`
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
 * Failures of one callback. One that fails each time is told once: it may be called for each
 * message.
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
