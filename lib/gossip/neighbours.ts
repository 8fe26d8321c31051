import { Subscription } from 'rxjs';
import type { Channel, NodeId, RouterEvent } from '../index.ts';
import type { Frame } from './frame.ts';
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
  readonly #channel: Channel<Frame>;
  readonly #host: NeighbourHost;
  readonly #up = new Set<NodeId>();
  readonly #all = new Map<NodeId, Neighbour>();
  readonly #scope = new Subscription();

  constructor(channel: Channel<Frame>, host: NeighbourHost) {
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
    for (const { id, channels } of router.snapshot().peers) {
      const port = channels.find(({ channel }) => channel === this.#channel.id);
      this.#cameUp(id, port !== undefined && port.outbound.credit > 0);
    }
    this.#scope.add(router.events$.subscribe((event) => this.#heard(event)));
  }

  close(): void {
    this.#scope.unsubscribe();
    for (const { id } of [...this]) this.#lost(id);
  }

  #heard(event: RouterEvent): void {
    switch (event.type) {
      case 'peer-up':
        this.#cameUp(event.peer, event.channels.includes(this.#channel.id));
        return;
      case 'peer-down':
        this.#up.delete(event.peer);
        this.#lost(event.peer);
        return;
      case 'peer-channel':
        if (event.channel !== this.#channel.id) return;
        this.#lost(event.peer);
        if (event.open && this.#up.has(event.peer)) this.#opened(event.peer);
        return;
      default:
    }
  }

  #cameUp(id: NodeId, isOpen: boolean): void {
    this.#up.add(id);
    if (isOpen) this.#opened(id);
  }

  #opened(id: NodeId): void {
    this.#lost(id);
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
