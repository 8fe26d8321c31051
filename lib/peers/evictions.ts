import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { KnownPeer } from './known-peer.ts';
import type { Roster } from './roster.ts';

/** A peer whose connections must be closed, and why. */
export interface Eviction {
  readonly peer: NodeId;
  readonly error: RxmeshError;
}

/** The peers to evict. Each is emitted once, as soon as it is up. */
export class Evictions {
  readonly #roster: Roster;
  readonly #pending = new Set<KnownPeer>();

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  /**
   * Evicts a peer, if it is connected and not being evicted already. One that is not up yet has no
   * session that could be closed, so it is emitted by `cameUp`.
   */
  evict(peer: KnownPeer, error: RxmeshError): void {
    if (!peer.isConnected || peer.eviction !== undefined) return;
    peer.eviction = error;
    if (peer.ready !== undefined) this.#pending.add(peer);
    this.#roster.changed(peer);
  }

  /** Emits the eviction of a peer that has come up only now. */
  cameUp(peer: KnownPeer): void {
    if (peer.eviction !== undefined) this.#pending.add(peer);
  }

  /** Emits no eviction of a peer that is not up any more. It may have another link. */
  wentDown(peer: KnownPeer): void {
    this.#pending.delete(peer);
  }

  /** Ends the eviction of a peer that has disconnected. */
  over(peer: KnownPeer): void {
    peer.eviction = undefined;
  }

  /** Takes the next eviction that has not been emitted yet. */
  next(): Eviction | undefined {
    const [peer] = this.#pending;
    if (peer?.eviction === undefined) return undefined;
    this.#pending.delete(peer);
    return { peer: peer.id, error: peer.eviction };
  }
}
