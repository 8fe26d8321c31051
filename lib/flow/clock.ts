import {
  asyncScheduler,
  identity,
  mergeMap,
  Observable,
  tap,
  throwError,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
  Subscription,
} from 'rxjs';
import { dateNow, forwardNow } from '#platform/system-time';
import type { OptionKind } from '../model/check-options.ts';

/**
 * Time, as rxmesh sees it. Everything in `lib/` and `operators/` that waits or reads a time does so
 * through a clock, so that whole networks run under `TestScheduler` or `VirtualTimeScheduler`.
 * This file alone knows RxJS schedulers.
 */
export interface Clock {
  /**
   * Milliseconds from some moment. It measures how much time has passed, and only goes forward: it
   * is not the date, which can be set. Take `performance.now()`, not `Date.now()`.
   */
  now(): number;
  /** Runs `work` once, `delayMs` from now. Unsubscribing cancels it. */
  schedule(work: () => void, delayMs: number): Subscription;
  /** Runs `work` once, when the code that runs now has ended, and before any delay. */
  afterTurn(work: () => void): Subscription;
}

/** A clock as an option. */
export const aClock: OptionKind = {
  what: 'a clock, with the functions now, schedule and afterTurn',
  accepts: isClock,
};

/** Whether a value from outside is a clock. */
export function isClock(value: unknown): value is Clock {
  if (typeof value !== 'object' || value === null) return false;
  return ['now', 'schedule', 'afterTurn'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  );
}

/** The longest delay, in milliseconds: a longer one overflows the timers of Node and browsers. */
export const timerMaxMs: number = 2 ** 31 - 1;

/**
 * Checks times that are options: `{ timeoutMs }`. A time that is left out is in order.
 * @throws {RangeError} for one that no timer takes
 * @param whose options these are
 */
export function checkTimes(
  whose: string,
  times: Readonly<Record<string, number | undefined>>,
): void {
  for (const [name, ms] of Object.entries(times)) {
    if (ms === undefined || (ms >= 0 && ms <= timerMaxMs)) continue;
    throw new RangeError(`${whose}: ${name} is from 0 to 2^31 - 1 milliseconds, not ${ms}`);
  }
}

/**
 * A clock that runs on a scheduler: `afterTurn` is a delay of 0. It has the scheduler's time, or,
 * where that is the system's date (`asyncScheduler` and its like), a time that only goes forward.
 */
export function clockFrom(scheduler: SchedulerLike): Clock {
  return {
    // eslint-disable-next-line rxmesh/no-wall-clock -- it is compared, not read
    now: scheduler.now === asyncScheduler.now ? systemNow : () => scheduler.now(),
    schedule: (work, delayMs) => scheduler.schedule(work, delayMs),
    afterTurn: (work) => scheduler.schedule(work),
  };
}

/** RxJS's time is virtual when it is further than this from the system's date. */
const sameDateMs = 1_000;

/**
 * The system's time, which only goes forward; under `TestScheduler.run`, its virtual time. RxJS has
 * one function for both, and does not say which it is. So what it tells is compared with the date,
 * read before and after: the date may be set in between.
 */
function systemNow(): number {
  const dateMs = dateNow();
  // eslint-disable-next-line rxmesh/no-wall-clock -- to see whether it is virtual
  const toldMs = asyncScheduler.now();
  const isDate = isNear(toldMs, dateMs) || isNear(toldMs, dateNow());
  return isDate ? forwardNow() : toldMs;
}

function isNear(oneMs: number, otherMs: number): boolean {
  return Math.abs(oneMs - otherMs) <= sameDateMs;
}

const turn = Promise.resolve();

/**
 * The system's clock: a time that only goes forward, the timers of RxJS's `asyncScheduler`, and a
 * microtask for the end of a turn. That is what `asapScheduler` does, which makes an action and a
 * handle for each, and looks the handle up: 3 to 6 µs for a message that comes to a link that was
 * idle.
 */
export const systemClock: Clock = {
  ...clockFrom(asyncScheduler),
  afterTurn: (work) => {
    const subscription = new Subscription();
    void turn.then(() => {
      if (subscription.closed) return;
      subscription.unsubscribe();
      work();
    });
    return subscription;
  },
};

/**
 * Mirrors its source, and errors when that has neither ended nor emitted `delayMs` after the
 * subscription. A `delayMs` of 0 means no limit.
 *
 *     in   ----a---b|           ------a
 *          withDeadline(5)      withDeadline(5)
 *     out  ----a---b|           -----#
 *
 * @param late makes the error
 */
export function withDeadline<T>(
  clock: Clock,
  delayMs: number,
  late: () => unknown,
): MonoTypeOperatorFunction<T> {
  if (delayMs === 0) return identity;
  return (source) =>
    new Observable((subscriber) => {
      // `throwError` calls `late`, and takes what that throws for the error.
      const timer = clock.schedule(() => throwError(late).subscribe(subscriber), delayMs);
      subscriber.add(timer);
      source.pipe(tap(() => timer.unsubscribe())).subscribe(subscriber);
    });
}

/**
 * Emits each value at the end of the turn in which it came, so that whoever emitted it has
 * returned. An error does not wait, and takes what waits with it. For streams of decisions, whose
 * source bounds how many are under way.
 *
 *     in   -(abc)---d|
 *          afterTurn()
 *     out  -(abc)---d|        a leaves when the source has emitted c
 */
export function afterTurn<T>(clock: Clock): MonoTypeOperatorFunction<T> {
  return mergeMap(
    (value) =>
      new Observable<T>((subscriber) =>
        clock.afterTurn(() => {
          subscriber.next(value);
          subscriber.complete();
        }),
      ),
  );
}
