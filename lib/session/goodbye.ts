import { concat, Observable, type Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Session } from './session.ts';

/** How often it is looked whether lanes are empty, in milliseconds. */
const lookMs = 10;
/** How long links get until their peers have read everything, in milliseconds: longer than a socket waits. */
const closeMs = 2_500;

/**
 * Lets the sessions' lanes empty for at most `drainMs`, says goodbye to their peers, and completes
 * when every link is closed.
 */
export function goodbye(
  sessions: readonly Session[],
  clock: Clock,
  drainMs: number,
): Observable<never> {
  const idle = (): boolean => sessions.every((session) => session.over || session.idle);
  const closed = (): boolean => sessions.every(({ link }) => link.closed);
  return concat(
    until(idle, clock, drainMs),
    new Observable<never>((subscriber) => {
      for (const session of sessions) session.close('done');
      subscriber.complete();
    }),
    until(closed, clock, closeMs),
  );
}

/** Completes when `condition` holds, or after `limitMs`. */
function until(condition: () => boolean, clock: Clock, limitMs: number): Observable<never> {
  return new Observable((subscriber) => {
    let timer: Subscription | undefined;
    const look = (): void => {
      if (condition()) subscriber.complete();
      else timer = clock.schedule(look, lookMs);
    };
    look();
    subscriber.add(() => timer?.unsubscribe());
    if (subscriber.closed) return;
    if (limitMs === 0) subscriber.complete();
    else subscriber.add(clock.schedule(() => subscriber.complete(), limitMs));
  });
}
