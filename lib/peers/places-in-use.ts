import type { KnownPeer } from './known-peer.ts';

/**
 * The places (hosts and ports) that are being dialed or have an outbound connection. Two IDs at one
 * place cannot both be right, so no other peer is dialed there meanwhile.
 */
export class PlacesInUse {
  readonly #freed: (peer: KnownPeer) => void;
  readonly #users = new Map<KnownPeer, string>();
  readonly #uses = new Map<string, number>();
  /** The peers that wait for each place, and the places that each peer waits for. */
  readonly #waiting = new Map<string, Set<KnownPeer>>();
  readonly #waits = new Map<KnownPeer, Set<string>>();

  /** @param freed called for each peer that waited for a place, once that is free */
  constructor(freed: (peer: KnownPeer) => void) {
    this.#freed = freed;
  }

  /** Whether a place is in use; `undefined` never is. */
  has(place: string | undefined): boolean {
    return place !== undefined && this.#uses.has(place);
  }

  /** Updates the place of a peer that has changed. It no longer waits for any. */
  update(peer: KnownPeer): void {
    this.#stopWaiting(peer);
    const isUsed = peer.isDialing || peer.links.has('outbound');
    this.#use(peer, isUsed ? peer.dialed?.place : undefined);
  }

  /** Removes a peer that was forgotten. */
  remove(peer: KnownPeer): void {
    this.#stopWaiting(peer);
    this.#use(peer, undefined);
  }

  /** Lets `peer` wait until the place is free. */
  wait(peer: KnownPeer, place: string | undefined): void {
    if (place === undefined) return;
    const waiting = this.#waiting.get(place) ?? new Set();
    this.#waiting.set(place, waiting.add(peer));
    const waits = this.#waits.get(peer) ?? new Set();
    this.#waits.set(peer, waits.add(place));
  }

  #stopWaiting(peer: KnownPeer): void {
    for (const place of this.#waits.get(peer) ?? []) {
      const waiting = this.#waiting.get(place);
      waiting?.delete(peer);
      if (waiting?.size === 0) this.#waiting.delete(place);
    }
    this.#waits.delete(peer);
  }

  #use(peer: KnownPeer, place: string | undefined): void {
    const before = this.#users.get(peer);
    if (before === place) return;
    if (place === undefined) this.#users.delete(peer);
    else {
      this.#users.set(peer, place);
      this.#uses.set(place, (this.#uses.get(place) ?? 0) + 1);
    }
    if (before !== undefined) this.#giveUp(before);
  }

  #giveUp(place: string): void {
    const uses = (this.#uses.get(place) ?? 1) - 1;
    if (uses > 0) {
      this.#uses.set(place, uses);
      return;
    }
    this.#uses.delete(place);
    const waiting = this.#waiting.get(place) ?? [];
    this.#waiting.delete(place);
    for (const peer of waiting) this.#freed(peer);
  }
}
