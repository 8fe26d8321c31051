import { concat, Observable, type Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Session } from './session.ts';

/**
 * How often to check whether lanes are empty, in milliseconds. The first checks come sooner, since
 * a single round trip may be enough.
 */
const lookMs = 10;
/**
 * How long links may take until their peers have read everything, in milliseconds. Must be longer
 * than a socket's own wait.
 */
const closeMs = 2_500;

/** What `goodbye` needs to know. */
export interface GoodbyeOptions {
  readonly clock: Clock;
  /** How long to wait at most for lanes and consumers, in milliseconds. */
  readonly drainMs: number;
  /**
   * Whether the consumers have taken everything that has arrived, also from peers that have already
   * disconnected.
   */
  readonly isConsumed: () => boolean;
}

/**
 * Closes sessions gracefully: asks their peers to stop sending, lets lanes drain and consumers
 * catch up for at most `drainMs`, says goodbye, and completes when every link is closed.
 */
export function goodbye(
  sessions: readonly Session[],
  { clock, drainMs, isConsumed }: GoodbyeOptions,
): Observable<never> {
  const idle = (): boolean =>
    isConsumed() && sessions.every((session) => session.over || session.idle);
  const closed = (): boolean => sessions.every(({ link }) => link.closed);
  const drained = new Observable<never>((subscriber) => {
    for (const session of sessions) session.stopReceiving();
    let isOver = false;
    subscriber.add(() => {
      if (!isOver) for (const session of sessions) session.resumeReceiving();
    });
    subscriber.add(
      until(idle, clock, drainMs).subscribe({
        complete: () => {
          isOver = true;
          subscriber.complete();
        },
      }),
    );
  });
  return concat(
    drained,
    new Observable<never>((subscriber) => {
      for (const session of sessions) session.leave();
      subscriber.complete();
    }),
    until(closed, clock, closeMs),
  );
}

/** Completes once `condition` holds, or after `limitMs`. */
function until(condition: () => boolean, clock: Clock, limitMs: number): Observable<never> {
  return new Observable((subscriber) => {
    let timer: Subscription | undefined;
    let pauseMs = 0;
    const look = (): void => {
      if (condition()) {
        subscriber.complete();
        return;
      }
      timer = clock.schedule(look, pauseMs);
      pauseMs = Math.min(2 * pauseMs + 1, lookMs);
    };
    look();
    subscriber.add(() => timer?.unsubscribe());
    if (subscriber.closed) return;
    if (limitMs === 0) subscriber.complete();
    else subscriber.add(clock.schedule(() => subscriber.complete(), limitMs));
  });
}
