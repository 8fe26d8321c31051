import {
  asapScheduler,
  asyncScheduler,
  identity,
  Observable,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';

/**
 * Time, as rxmesh sees it. Everything in `lib/` and `operators/` that waits or reads a time does so
 * through a clock, so that whole networks run under `TestScheduler` or `VirtualTimeScheduler`.
 * This file alone knows RxJS schedulers.
 */
export interface Clock {
  /** Milliseconds since some fixed moment; of the system clock, since 1970. */
  now(): number;
  /** Runs `work` once, `delayMs` from now. Unsubscribing cancels it. */
  schedule(work: () => void, delayMs: number): Subscription;
  /** Runs `work` once, when the code that runs now has ended, and before any delay. */
  afterTurn(work: () => void): Subscription;
}

/**
 * A clock that runs on a scheduler.
 *
 * @param scheduler delays and `now()`
 * @param turns where `afterTurn` runs; by default `scheduler` itself, with no delay
 */
export function clockFrom(scheduler: SchedulerLike, turns: SchedulerLike = scheduler): Clock {
  return {
    now: () => scheduler.now(),
    schedule: (work, delayMs) => scheduler.schedule(work, delayMs),
    afterTurn: (work) => turns.schedule(work),
  };
}

/** The system's clock: RxJS's `asyncScheduler`, and `asapScheduler` for the end of a turn. */
export const systemClock: Clock = clockFrom(asyncScheduler, asapScheduler);

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
      const timer = clock.schedule(() => subscriber.error(late()), delayMs);
      subscriber.add(timer);
      subscriber.add(
        source.subscribe({
          next: (value) => {
            timer.unsubscribe();
            subscriber.next(value);
          },
          error: (error) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
    });
}

/**
 * Emits each value at the end of the turn in which it came, so that whoever emitted it has returned.
 * For streams of decisions, whose source bounds how many are under way.
 */
export function afterTurn<T>(clock: Clock): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) =>
      source.subscribe({
        next: (value) => subscriber.add(clock.afterTurn(() => subscriber.next(value))),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.add(clock.afterTurn(() => subscriber.complete())),
      }),
    );
}
