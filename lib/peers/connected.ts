import { filter, Observable, take } from 'rxjs';
import type { NodeId } from '../model/id.ts';
import type { PeerUpdate } from './peer-updates.ts';

/**
 * The peers that are up, by ID. Emits the current map first, then a new one for each update.
 *
 *     peers$    (a)--b---a'--|     a' is down
 *               connected(peers$)
 *     result    M----N---O---|     M = {a}, N = {a, b}, O = {b}
 *
 * @param peers$ must emit the peers that are already up synchronously when subscribed
 */
export function connected(
  peers$: Observable<PeerUpdate>,
): Observable<ReadonlyMap<NodeId, PeerUpdate>> {
  return new Observable((subscriber) => {
    const peers = new Map<NodeId, PeerUpdate>();
    let isBegun = false;
    const emit = (): void => subscriber.next(new Map(peers));
    const updates = peers$.subscribe({
      next: (update) => {
        if (update.status === 'up') peers.set(update.id, update);
        else peers.delete(update.id);
        if (isBegun) emit();
      },
      error: (thrown: unknown) => subscriber.error(thrown),
      complete: () => {
        if (isBegun) subscriber.complete();
      },
    });
    isBegun = true;
    emit();
    if (updates.closed) subscriber.complete();
    return updates;
  });
}

/** Emits once, when the peer is up. Completes without a value if `peers$` completes first. */
export function up(peers$: Observable<PeerUpdate>, id: NodeId): Observable<PeerUpdate> {
  return peers$.pipe(
    filter((update) => update.id === id && update.status === 'up'),
    take(1),
  );
}
