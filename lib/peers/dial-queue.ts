import type { KnownAddress } from './address-book.ts';
import type { KnownPeer, PeerKind } from './known-peer.ts';
import type { PeerLimits } from './options.ts';
import { PlacesInUse } from './places-in-use.ts';
import { byDialOrder } from './ranking.ts';
import { RankedSet } from './ranked-set.ts';
import type { Slots } from './slots.ts';
import type { Upgrades } from './upgrades.ts';

/** Whom to dial next, or when to ask again (`Infinity`: not until something changes). */
export type DialChoice =
  | {
      readonly peer: KnownPeer;
      readonly known: KnownAddress;
      /** The peer whose place it is to take, when no slot is free. */
      readonly replaces: KnownPeer | undefined;
    }
  | { readonly dueMs: number };

type Candidate = Pick<Extract<DialChoice, { peer: KnownPeer }>, 'peer' | 'replaces'>;

const kinds: readonly PeerKind[] = ['unconditional', 'persistent', 'chosen', 'stranger'];

/**
 * Chooses whom to dial. Peers that may be dialed wait until their time has come; from then on they
 * stand in the order of their rank, each kind on its own, since some slots are for some kinds only.
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

  /** A peer has changed. */
  update(peer: KnownPeer): void {
    for (const due of this.#due.values()) due.delete(peer);
    peer.wakeMs = peer.isBusy ? Infinity : peer.dueMs;
    this.#waiting.set(peer, peer.wakeMs < Infinity);
    this.#places.update(peer);
  }

  /** A peer is not known any more. */
  remove(peer: KnownPeer): void {
    for (const due of this.#due.values()) due.delete(peer);
    this.#waiting.delete(peer);
    this.#places.remove(peer);
  }

  /**
   * The best peer that may be dialed, and its address that failed least. When no slot is free, it
   * is one that outranks a connected peer.
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

  /** Whether anybody might be dialed, as far as that is up to slots. */
  #hasRoom(): boolean {
    const isFree = this.#slots.shortOfDial('persistent') === undefined;
    return isFree || this.#slots.mayDialBeyond() || this.#slots.hasUnconditional;
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
    if (!this.#slots.mayDialBeyond()) return undefined;
    for (const peer of heads) {
      const short = this.#slots.shortOfDial(peer.kind);
      const replaces = short && this.#upgrades.placeFor(peer, short, nowMs);
      if (replaces !== undefined) return { peer, replaces };
    }
    return undefined;
  }

  #addressOf(peer: KnownPeer, nowMs: number): KnownAddress | undefined {
    let best: KnownAddress | undefined;
    for (const known of peer.addresses) {
      if (known.retryAtMs > nowMs || this.#places.has(known.place)) continue;
      if (best === undefined || known.failures < best.failures) best = known;
    }
    return best;
  }

  /**
   * All addresses of a peer that are due are in use under other ids. It waits for these to be given
   * up, or for another address to be due.
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
