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
import { mustBe } from '../model/described.ts';

/**
 * The source of time. Everything in `lib/` and `operators/` that waits or reads the time uses a
 * clock, so whole networks can run under `TestScheduler` or `VirtualTimeScheduler`. Only this file
 * knows about RxJS schedulers.
 */
export interface Clock {
  /**
   * Milliseconds since an arbitrary moment, for measuring elapsed time. It must be monotonic, which
   * the system's date is not: use `performance.now()`, not `Date.now()`.
   */
  now(): number;
  /**
   * The date, in milliseconds since 1970. Only for times that another process reads later, such as
   * those in a peer store: it may be set at any moment. Default: the system's date.
   */
  date?(): number;
  /** Runs `work` once, `delayMs` from now. Unsubscribing cancels it. */
  schedule(work: () => void, delayMs: number): Subscription;
  /** Runs `work` once, after the current code has finished and before any delayed work. */
  afterTurn(work: () => void): Subscription;
}

/** The kind of an option that takes a clock. */
export const aClock: OptionKind = {
  what: 'a clock, with the functions now, schedule and afterTurn',
  accepts: isClock,
};

/** Whether a value passed in by a user is a clock. */
function isClock(value: unknown): value is Clock {
  if (typeof value !== 'object' || value === null) return false;
  return ['now', 'schedule', 'afterTurn'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  );
}

/** The longest delay, in milliseconds. Longer ones overflow the timers of Node and browsers. */
export const timerMaxMs: number = 2 ** 31 - 1;

/**
 * Checks options that are times, such as `{ timeoutMs }`. Undefined is allowed.
 *
 * @throws {RangeError} for a time that timers do not support
 * @param whose name of the function or object that takes the options
 */
export function checkTimes(
  whose: string,
  times: Readonly<Record<string, number | undefined>>,
): void {
  for (const [name, ms] of Object.entries(times)) {
    if (ms === undefined || (ms >= 0 && ms <= timerMaxMs)) continue;
    throw new RangeError(`${whose}: ${mustBe(name, 'from 0 to 2^31 - 1 (milliseconds)', ms)}`);
  }
}

/**
 * A clock that runs on a scheduler; `afterTurn` is a delay of 0. It takes its time from the
 * scheduler, unless that is the system's date (as with `asyncScheduler`): then it uses monotonic
 * time instead.
 */
export function clockFrom(scheduler: SchedulerLike): Clock {
  return {
    // eslint-disable-next-line rxmesh/no-wall-clock -- it is compared, not read
    now: scheduler.now === asyncScheduler.now ? systemNow : () => scheduler.now(),
    date: () => scheduler.now(),
    schedule: (work, delayMs) => scheduler.schedule(work, delayMs),
    afterTurn: (work) => scheduler.schedule(work),
  };
}

/** The date of a clock; the system's, or virtual time inside `TestScheduler.run`, by default. */
export function dateOf(clock: Clock): number {
  // eslint-disable-next-line rxmesh/no-wall-clock -- the one way to get it, for stored times
  return clock.date?.() ?? asyncScheduler.now();
}

/** RxJS's time is taken to be virtual when it differs from the system's date by more than this. */
const sameDateMs = 1_000;

/**
 * The system's monotonic time, or the virtual time inside `TestScheduler.run`. RxJS uses the same
 * function for the date and for virtual time, and offers no way to tell them apart. So its answer
 * is compared with the date, read before and after in case the date is set in between.
 */
function systemNow(): number {
  const dateMs = dateNow();
  // eslint-disable-next-line rxmesh/no-wall-clock -- to see whether it is virtual
  const readMs = asyncScheduler.now();
  const isDate = isNear(readMs, dateMs) || isNear(readMs, dateNow());
  return isDate ? forwardNow() : readMs;
}

function isNear(oneMs: number, otherMs: number): boolean {
  return Math.abs(oneMs - otherMs) <= sameDateMs;
}

const turn = Promise.resolve();

/**
 * The system clock: monotonic time, the timers of RxJS's `asyncScheduler`, and a microtask for the
 * end of a turn. `asapScheduler` would do the same for turns, but allocates an action and a handle
 * for each and looks the handle up, which costs 3 to 6 µs per message on an idle link.
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
 * Mirrors its source, but errors if the source has neither emitted nor ended within `delayMs` of
 * the subscription. A `delayMs` of 0 means no limit.
 *
 *     in   ----a---b|           ------a
 *          withDeadline(5)      withDeadline(5)
 *     out  ----a---b|           -----#
 *
 * @param late creates the error
 */
export function withDeadline<T>(
  clock: Clock,
  delayMs: number,
  late: () => unknown,
): MonoTypeOperatorFunction<T> {
  if (delayMs === 0) return identity;
  return (source) =>
    new Observable((subscriber) => {
      // `throwError` calls `late`, and also turns an exception from it into the error.
      const timer = clock.schedule(() => throwError(late).subscribe(subscriber), delayMs);
      subscriber.add(timer);
      source.pipe(tap(() => timer.unsubscribe())).subscribe(subscriber);
    });
}

/**
 * Emits each value at the end of the turn in which it arrived, when the code that emitted it has
 * returned. An error is emitted immediately and discards the values still waiting. Meant for
 * streams of decisions, where the source limits how many are pending.
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

/** Emits once, `ms` milliseconds after it is subscribed, and completes. */
export function after(clock: Clock, ms: number): Observable<void> {
  return new Observable((subscriber) =>
    clock.schedule(() => {
      subscriber.next();
      subscriber.complete();
    }, ms),
  );
}
