import { mergeMap, Observable, type OperatorFunction } from 'rxjs';
import { aSwitchboard, channelsOf, type Switchboard } from '../lib/channel/switchboard.ts';
import { checkArgument } from '../lib/model/check-options.ts';
import type { RxmeshError } from '../lib/model/error.ts';
import type { PeerSession } from '../lib/session/peer-session.ts';

/** A session has started or ended. */
export type SessionEvent =
  | { readonly type: 'up'; readonly session: PeerSession }
  | { readonly type: 'down'; readonly session: PeerSession; readonly error?: RxmeshError };

/**
 * Routes messages between a switchboard's channels and each session until the session ends.
 *
 *     in   -a-----b-----|
 *          route(switchboard)     a's link ends after 7
 *     out  -A-----B--A'--------   A: up, A': down
 *
 * `up` is emitted once messages can be sent to the peer, but before any of its messages are
 * delivered; `down` when neither is possible any more. Unsubscribing closes the sessions.
 *
 * A session that belongs to another switchboard fails the result with a `TypeError`.
 *
 * @throws {TypeError} if `switchboard` is not a switchboard
 */
export function route(switchboard: Switchboard): OperatorFunction<PeerSession, SessionEvent> {
  checkArgument('route', 'switchboard', switchboard, aSwitchboard);
  const channels = channelsOf(switchboard);
  return mergeMap(
    (session) =>
      new Observable<SessionEvent>((subscriber) => {
        const routed = channels.behind(session);
        channels.add(routed);
        subscriber.add(() => {
          channels.remove(routed);
          routed.close('done');
        });
        subscriber.next({ type: 'up', session });
        // The subscriber may have unsubscribed on `up`.
        if (subscriber.closed) return;
        routed.goLive();
        subscriber.add(
          routed.ended$.subscribe((error) => {
            channels.remove(routed);
            subscriber.next({ type: 'down', session, ...(error && { error }) });
            subscriber.complete();
          }),
        );
      }),
  );
}
