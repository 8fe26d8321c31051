import { filter, map, type OperatorFunction } from 'rxjs';
import type { Channels } from '../lib/channel/channels.ts';
import type { RxmeshError } from '../lib/model/error.ts';
import type { NodeId } from '../lib/model/id.ts';
import type { Session } from '../lib/session/session.ts';

/** A peer that has to go, and why. */
export interface Eviction {
  readonly id: NodeId;
  readonly error: RxmeshError;
}

/**
 * Closes the sessions of evicted peers, and emits each one that was closed. An eviction of a peer that
 * is not connected does nothing.
 *
 *     in   -a--b-------|
 *          evict(channels)        b is not connected
 *     out  -A----------|
 */
export function evict(channels: Channels): OperatorFunction<Eviction, Session> {
  return (evictions$) =>
    evictions$.pipe(
      map(({ id }) => {
        const session = channels.session(id);
        // Without the error: what the application has against a peer is none of its business.
        session?.close('evicted');
        return session;
      }),
      filter((session) => session !== undefined),
    );
}
