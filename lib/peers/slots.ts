import type { Direction } from '../model/direction.ts';
import type { KnownPeer } from './known-peer.ts';
import type { PeerLimits } from './options.ts';

/**
 * Who takes a slot, and who has one kept. Subsets of the known peers, so that one connection more
 * costs the same whatever the number of peers.
 */
export class Slots {
  readonly #limits: PeerLimits;
  /** With a link. */
  readonly connected: Set<KnownPeer> = new Set<KnownPeer>();
  /** With an outbound link. */
  readonly outbound: Set<KnownPeer> = new Set<KnownPeer>();
  readonly dialing: Set<KnownPeer> = new Set<KnownPeer>();
  readonly persistent: Set<KnownPeer> = new Set<KnownPeer>();

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  /** A peer has a link more. */
  linked(peer: KnownPeer, direction: Direction): void {
    this.connected.add(peer);
    if (direction === 'outbound') this.outbound.add(peer);
  }

  /** A peer has a link less. */
  unlinked(peer: KnownPeer, direction: Direction): void {
    if (direction === 'outbound') this.outbound.delete(peer);
    if (!peer.isConnected) this.connected.delete(peer);
  }

  /**
   * Slots that are kept for persistent peers which are not connected, with or without those that
   * are being dialed: strangers could else take every slot, and lock them out.
   */
  kept(dialed: 'with dialed' | 'without dialed'): number {
    let count = 0;
    for (const { isConnected, isDialing } of this.persistent) {
      if (!isConnected && (dialed === 'with dialed' || !isDialing)) count += 1;
    }
    return count;
  }

  /**
   * Whether one more peer may be dialed. `kept`: slots that are not to be given away, outbound ones
   * neither.
   */
  hasFree(kept: number): boolean {
    const { maxConnected, maxOutbound, maxDialing } = this.#limits;
    if (this.dialing.size >= maxDialing) return false;
    let taken = this.connected.size;
    let outbound = 0;
    for (const peer of this.dialing) if (!peer.isConnected) taken += 1;
    for (const peer of this.outbound) if (!peer.isDialing) outbound += 1;
    return taken + kept < maxConnected && outbound + this.dialing.size + kept < maxOutbound;
  }

  /** The places that are being dialed, or connected to. */
  placesInUse(): ReadonlySet<string> {
    const places = new Set<string>();
    for (const peers of [this.outbound, this.dialing]) {
      for (const { dialed } of peers) if (dialed?.place !== undefined) places.add(dialed.place);
    }
    return places;
  }
}
