import { Subscription } from 'rxjs';
import { watchOpenings } from '../frames/openings.ts';
import type { Channel, NodeId } from '../index.ts';
import type { OutgoingFrame } from './frame-codec.ts';
import { Neighbour } from './neighbour.ts';
import type { GossipRouter } from './options.ts';

/** What happens to neighbours. */
export interface NeighbourHost {
  /** A peer has opened the channel. */
  joined(neighbour: Neighbour): void;
  /** It has closed it, or disconnected. */
  left(neighbour: Neighbour): void;
  /** A slow neighbour misses messages or announcements. */
  dropped(count: number): void;
}

/** The peers that have the channel open. */
export class Neighbours {
  readonly #channel: Channel<OutgoingFrame>;
  readonly #host: NeighbourHost;
  readonly #all = new Map<NodeId, Neighbour>();
  readonly #scope = new Subscription();

  constructor(channel: Channel<OutgoingFrame>, host: NeighbourHost) {
    this.#channel = channel;
    this.#host = host;
  }

  get size(): number {
    return this.#all.size;
  }

  get(id: NodeId): Neighbour | undefined {
    return this.#all.get(id);
  }

  [Symbol.iterator](): IterableIterator<Neighbour> {
    return this.#all.values();
  }

  /** Begins with those that have the channel open already. */
  watch(router: GossipRouter): void {
    const openings = {
      opened: (id: NodeId) => this.#opened(id),
      lost: (id: NodeId) => this.#lost(id),
    };
    this.#scope.add(watchOpenings(router, this.#channel.id, openings));
  }

  close(): void {
    this.#scope.unsubscribe();
    for (const { id } of [...this]) this.#lost(id);
  }

  #opened(id: NodeId): void {
    const neighbour = new Neighbour(this.#channel, id, (count) => this.#host.dropped(count));
    this.#all.set(id, neighbour);
    this.#host.joined(neighbour);
  }

  #lost(id: NodeId): void {
    const neighbour = this.#all.get(id);
    if (neighbour === undefined) return;
    this.#all.delete(id);
    neighbour.close();
    this.#host.left(neighbour);
  }
}
