import { mergeMap, Observable, type OperatorFunction } from 'rxjs';
import type { Channels } from '../lib/channel/channels.ts';
import type { RxmeshError } from '../lib/model/error.ts';
import type { Session } from '../lib/session/session.ts';

/** A session begins or ends. */
export type SessionEvent =
  | { readonly type: 'up'; readonly session: Session }
  | { readonly type: 'down'; readonly session: Session; readonly error?: RxmeshError };

/**
 * Routes messages between the node's channels and each session until that ends.
 *
 *     in   -a-----b-----|
 *          route(channels)        a's link ends after 7
 *     out  -A-----B--A'--------   A: up, A': down
 *
 * `up` is emitted when messages can be sent to the peer and before any of its own are delivered; `down`
 * when neither is true any more. Unsubscribing closes the sessions.
 */
export function route(channels: Channels): OperatorFunction<Session, SessionEvent> {
  return mergeMap(
    (session) =>
      new Observable<SessionEvent>((subscriber) => {
        channels.add(session);
        subscriber.add(() => {
          channels.remove(session);
          session.close('done');
        });
        subscriber.next({ type: 'up', session });
        // Whoever heard of it may have unsubscribed.
        if (subscriber.closed) return;
        session.goLive();
        subscriber.add(
          session.ended$.subscribe((error) => {
            channels.remove(session);
            subscriber.next({ type: 'down', session, ...(error && { error }) });
            subscriber.complete();
          }),
        );
      }),
  );
}
