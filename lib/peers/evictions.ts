import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { KnownPeer } from './known-peer.ts';
import type { Roster } from './roster.ts';

/** A peer whose connections have to be closed, and why. */
export interface Eviction {
  readonly peer: NodeId;
  readonly error: RxmeshError;
}

/** Who has to go. Each peer is told once in a connection. */
export class Evictions {
  readonly #roster: Roster;
  readonly #untold = new Set<KnownPeer>();

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  /** A peer has to go, if it is connected and does not go already. */
  evict(peer: KnownPeer, error: RxmeshError): void {
    if (!peer.isConnected || peer.eviction !== undefined) return;
    peer.eviction = error;
    this.#untold.add(peer);
    this.#roster.changed(peer);
  }

  /** A peer is up that has to go: it could not be evicted before. */
  again(peer: KnownPeer): void {
    if (peer.eviction !== undefined) this.#untold.add(peer);
  }

  /** A peer has gone. */
  over(peer: KnownPeer): void {
    peer.eviction = undefined;
    this.#untold.delete(peer);
  }

  /** One that nobody was told of yet. */
  next(): Eviction | undefined {
    const [peer] = this.#untold;
    if (peer?.eviction === undefined) return undefined;
    this.#untold.delete(peer);
    return { peer: peer.id, error: peer.eviction };
  }
}
