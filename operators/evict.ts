import { filter, map, type OperatorFunction } from 'rxjs';
import { aSwitchboard, channelsOf, type Switchboard } from '../lib/channel/switchboard.ts';
import { checkArgument } from '../lib/model/check-options.ts';
import type { NodeId } from '../lib/model/id.ts';
import type { PeerSession } from '../lib/session/peer-session.ts';

/**
 * Closes the sessions of evicted peers, and emits each session that was closed. Ignores peers that
 * are not connected.
 *
 *     in   -a--b-------|
 *          evict(switchboard)     b is not connected
 *     out  -A----------|
 *
 * @throws {TypeError} if `switchboard` is not a switchboard
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
        // Without the error, since the peer need not know what the application holds against it.
        session?.close('evicted');
        return session;
      }),
      filter((session) => session !== undefined),
    );
}
