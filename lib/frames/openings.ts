import type { Observable, Subscription } from 'rxjs';
import type { NodeId, RouterEvent, RouterSnapshot } from '../index.ts';

/** Why a peer no longer has a channel open. */
export type LostBecause = 'disconnected' | 'closed the channel';

/** What happens to the peers that have a channel open. The two calls take turns for each peer. */
export interface Openings {
  opened(peer: NodeId): void;
  lost(peer: NodeId, because: LostBecause): void;
}

/** What is read of a router. */
interface Watched {
  readonly events$: Observable<RouterEvent>;
  snapshot(): Pick<RouterSnapshot, 'peers'>;
}

/** Tells of the peers that have a channel open, beginning with those that have it open already. */
export function watchOpenings(router: Watched, channel: number, openings: Openings): Subscription {
  const watch = new Watch(channel, openings);
  for (const { id, channels } of router.snapshot().peers) {
    const port = channels.find((each) => each.channel === channel);
    // Credit does not tell: it may be used up, or be from before the peer closed the channel.
    watch.up(id, port?.outbound.open === true);
  }
  return router.events$.subscribe((event) => watch.heard(event));
}

class Watch {
  readonly #channel: number;
  readonly #openings: Openings;
  /** The connected peers, and whether they have the channel open. */
  readonly #peers = new Map<NodeId, boolean>();

  constructor(channel: number, openings: Openings) {
    this.#channel = channel;
    this.#openings = openings;
  }

  heard(event: RouterEvent): void {
    if (event.type === 'peer-up') {
      this.up(event.peer, event.channels.includes(this.#channel));
    } else if (event.type === 'peer-down') {
      this.#change(event.peer, false, 'disconnected');
      this.#peers.delete(event.peer);
    } else if (event.type === 'peer-channel' && event.channel === this.#channel) {
      this.#change(event.peer, event.open, 'closed the channel');
    }
  }

  up(peer: NodeId, isOpen: boolean): void {
    if (!this.#peers.has(peer)) this.#peers.set(peer, false);
    this.#change(peer, isOpen, 'closed the channel');
  }

  /** Nothing changes for a peer that is not connected. */
  #change(peer: NodeId, isOpen: boolean, because: LostBecause): void {
    if ((this.#peers.get(peer) ?? isOpen) === isOpen) return;
    this.#peers.set(peer, isOpen);
    if (isOpen) this.#openings.opened(peer);
    else this.#openings.lost(peer, because);
  }
}
