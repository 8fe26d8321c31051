import { filter, map, type OperatorFunction } from 'rxjs';
import { aSwitchboard, channelsOf, type Switchboard } from '../lib/channel/switchboard.ts';
import { checkArgument } from '../lib/model/check-options.ts';
import type { NodeId } from '../lib/model/id.ts';
import type { PeerSession } from '../lib/session/peer-session.ts';

/**
 * Closes the sessions of evicted peers, and emits each one that was closed. An eviction of a peer
 * that is not connected does nothing.
 *
 *     in   -a--b-------|
 *          evict(switchboard)     b is not connected
 *     out  -A----------|
 *
 * @throws {TypeError} for what is no switchboard
 */
export function evict(
  switchboard: Switchboard,
): OperatorFunction<{ readonly peer: NodeId }, PeerSession> {
  checkArgument('evict', 'switchboard', switchboard, aSwitchboard);
  const channels = channelsOf(switchboard);
  return (evictions$) =>
    evictions$.pipe(
      map(({ peer }) => {
        const session = channels.session(peer);
        // Without the error: what the application has against a peer is none of its business.
        session?.close('evicted');
        return session;
      }),
      filter((session) => session !== undefined),
    );
}
