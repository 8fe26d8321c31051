import type { KnownAddress } from './address-book.ts';
import type { KnownPeer, PeerKind } from './known-peer.ts';
import type { PeerLimits } from './limits.ts';
import { PlacesInUse } from './places-in-use.ts';
import { byDialOrder } from './ranking.ts';
import { RankedSet } from './ranked-set.ts';
import type { Slots } from './slots.ts';
import type { Upgrades } from './upgrades.ts';

/** The peer to dial next, or when to ask again (`Infinity`: not until something changes). */
export type DialChoice =
  | {
      readonly peer: KnownPeer;
      readonly known: KnownAddress;
      /** The peer that it will replace, if no slot is free. */
      readonly replaces: KnownPeer | undefined;
    }
  | { readonly dueMs: number };

type Candidate = Pick<Extract<DialChoice, { peer: KnownPeer }>, 'peer' | 'replaces'>;

const kinds: readonly PeerKind[] = ['unconditional', 'persistent', 'chosen', 'stranger'];

/**
 * Chooses the next peer to dial. Peers wait until they are due; from then on they are ordered by
 * rank, separately for each kind, because some slots are only for some kinds.
 */
export class DialQueue {
  readonly #limits: PeerLimits;
  readonly #slots: Slots;
  readonly #upgrades: Upgrades;
  readonly #waiting = new RankedSet<KnownPeer>((a, b) => a.wakeMs - b.wakeMs || a.order - b.order);
  readonly #due = new Map<PeerKind, RankedSet<KnownPeer>>(
    kinds.map((kind) => [kind, new RankedSet(byDialOrder)]),
  );
  readonly #places = new PlacesInUse((peer) => this.update(peer));

  constructor(limits: PeerLimits, slots: Slots, upgrades: Upgrades) {
    this.#limits = limits;
    this.#slots = slots;
    this.#upgrades = upgrades;
  }

  /** Reconsiders a peer that has changed. */
  update(peer: KnownPeer): void {
    for (const due of this.#due.values()) due.delete(peer);
    peer.wakeMs = peer.isBusy ? Infinity : peer.dueMs;
    this.#waiting.set(peer, peer.wakeMs < Infinity);
    this.#places.update(peer);
  }

  /** Removes a peer that was forgotten. */
  remove(peer: KnownPeer): void {
    for (const due of this.#due.values()) due.delete(peer);
    this.#waiting.delete(peer);
    this.#places.remove(peer);
  }

  /**
   * The best peer that may be dialed, and its address with the fewest failures. If no slot is free,
   * only peers that can replace a connected one are considered.
   */
  next(nowMs: number): DialChoice {
    if (this.#slots.dialing >= this.#limits.maxDialing || !this.#hasRoom()) {
      return { dueMs: Infinity };
    }
    this.#wake(nowMs);
    for (;;) {
      const candidate = this.#candidate(nowMs);
      if (candidate === undefined) return { dueMs: this.#waiting.first?.wakeMs ?? Infinity };
      const known = this.#addressOf(candidate.peer, nowMs);
      if (known !== undefined) return { ...candidate, known };
      this.#block(candidate.peer, nowMs);
    }
  }

  /** Whether the slots would let any peer at all be dialed. */
  #hasRoom(): boolean {
    const isFree = this.#slots.shortOfDial('persistent') === undefined;
    return isFree || this.#mayDialBeyond() || this.#slots.hasUnconditional;
  }

  /** Whether another peer may be dialed in order to replace a connected one. */
  #mayDialBeyond(): boolean {
    const upgrading = this.#upgrades.claims + this.#slots.leaving;
    return upgrading < this.#limits.maxUpgrading && this.#slots.mayDialBeyond();
  }

  #wake(nowMs: number): void {
    for (;;) {
      const first = this.#waiting.first;
      if (first === undefined || first.wakeMs > nowMs) return;
      this.#waiting.delete(first);
      this.#due.get(first.kind)?.set(first, true);
    }
  }

  #candidate(nowMs: number): Candidate | undefined {
    const heads: KnownPeer[] = [];
    for (const { first } of this.#due.values()) if (first !== undefined) heads.push(first);
    heads.sort(byDialOrder);
    for (const peer of heads) {
      if (this.#slots.shortOfDial(peer.kind) === undefined) return { peer, replaces: undefined };
    }
    if (!this.#mayDialBeyond()) return undefined;
    for (const peer of heads) {
      const short = this.#slots.shortOfDial(peer.kind);
      const replaces = short && this.#upgrades.placeFor(peer, short, nowMs);
      if (replaces !== undefined) return { peer, replaces };
    }
    return undefined;
  }

  /** What only other peers have told comes last, however often the rest has failed. */
  #addressOf(peer: KnownPeer, nowMs: number): KnownAddress | undefined {
    let best: KnownAddress | undefined;
    for (const known of peer.addresses) {
      if (known.retryAtMs > nowMs || this.#places.has(known.place)) continue;
      if (best === undefined || isBetter(known, best)) best = known;
    }
    return best;
  }

  /**
   * Sets a peer aside because all its due addresses are in use under different IDs. It waits until
   * one of them is released or another address is due.
   */
  #block(peer: KnownPeer, nowMs: number): void {
    this.#due.get(peer.kind)?.delete(peer);
    let wakeMs = Infinity;
    for (const { place, retryAtMs } of peer.addresses) {
      if (retryAtMs > nowMs) wakeMs = Math.min(wakeMs, retryAtMs);
      else this.#places.wait(peer, place);
    }
    peer.wakeMs = wakeMs;
    this.#waiting.set(peer, wakeMs < Infinity);
  }
}

function isBetter(a: KnownAddress, b: KnownAddress): boolean {
  const [isHeard, isOtherHeard] = [a.origin === 'heard', b.origin === 'heard'];
  return isHeard === isOtherHeard ? a.failures < b.failures : isOtherHeard;
}
