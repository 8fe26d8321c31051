import {
  defer,
  filter,
  ignoreElements,
  merge,
  type Observable,
  take,
  tap,
  throwIfEmpty,
} from 'rxjs';
import type { AbortSignalLike } from '../flow/abort.ts';
import { checkTimes, type Clock, withDeadline } from '../flow/clock.ts';
import { RxmeshError } from '../model/error.ts';
import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import { up } from '../peers/connected.ts';
import type { PeerUpdate } from '../peers/peer-updates.ts';
import { stoppedError } from './stopped-error.ts';

/** Options of `Router.whenUp`. */
export interface WhenUpOptions {
  /** Aborting it ends the wait. */
  readonly signal?: AbortSignalLike;
  /**
   * How long to wait, in milliseconds. Then the wait fails with `RXMESH_PEER_DOWN`, whose `cause`
   * is the last failure to connect to the peer. Default 0: it waits forever.
   */
  readonly timeoutMs?: number;
}

/** What a wait looks at. */
interface Watched {
  readonly peers$: Observable<PeerUpdate>;
  readonly events$: Observable<RouterEvent>;
  readonly clock: Clock;
}

/**
 * Emits once, when a peer is up. Fails with `RXMESH_STOPPED` if the router stops first, and with
 * `RXMESH_PEER_DOWN` after `timeoutMs`.
 * @throws {RangeError} for a wrong `timeoutMs`
 */
export function whenUp(
  id: NodeId,
  { timeoutMs = 0 }: WhenUpOptions,
  { peers$, events$, clock }: Watched,
): Observable<PeerUpdate> {
  const up$ = up(peers$, id).pipe(throwIfEmpty(stoppedError));
  checkTimes('whenUp', { timeoutMs });
  return defer(() => {
    let cause: RxmeshError | undefined;
    const failures$ = failuresOf(id, events$).pipe(
      tap(({ error }) => (cause = error)),
      ignoreElements(),
    );
    const late = (): RxmeshError => {
      const why =
        cause?.message ?? 'no dial has failed yet: does this node know an address for the peer?';
      const text = `peer ${id} is not up after ${timeoutMs} ms: ${why}`;
      return new RxmeshError('RXMESH_PEER_DOWN', text, { peer: id, cause });
    };
    return merge(failures$, up$).pipe(take(1), withDeadline(clock, timeoutMs, late));
  });
}

/** The events that say why a connection with this peer did not come about. */
function failuresOf(
  id: NodeId,
  events$: Observable<RouterEvent>,
): Observable<Extract<RouterEvent, { type: 'dial-failed' | 'connection-refused' }>> {
  return events$.pipe(
    filter((event) => event.type === 'dial-failed' || event.type === 'connection-refused'),
    filter((event) => (event.type === 'dial-failed' ? event.address.id : event.peer) === id),
  );
}
