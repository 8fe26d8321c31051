import type { KnownPeer } from './known-peer.ts';
import { compareStanding, type Decay, scoreMax, withinBounds } from './scores.ts';

/**
 * Orders peers, the best first; for `sort`. Persistent peers come before all others, and are equal.
 * Else what the application says of them counts, then their score; among equals chance decides.
 */
export function byRank(a: KnownPeer, b: KnownPeer): number {
  return byWorth(a, b) || byChance(a, b);
}

/** Orders peers that are to be dialed: of equals, the one that has waited for longer comes first. */
export function byDialOrder(a: KnownPeer, b: KnownPeer): number {
  // Else no persistent peer that fails, and is due again, would let another one pass.
  return byWorth(a, b) || a.dueMs - b.dueMs || byChance(a, b);
}

/**
 * Orders peers that are of no use at the moment, the one to be forgotten first: those that nobody
 * could dial, then those that nobody has chosen, then the worst.
 */
export function byUselessness(a: KnownPeer, b: KnownPeer): number {
  return (
    Number(b.addresses.size === 0) - Number(a.addresses.size === 0) ||
    Number(a.isChosen) - Number(b.isChosen) ||
    byRank(b, a)
  );
}

function byWorth(a: KnownPeer, b: KnownPeer): number {
  if (a.isPersistent || b.isPersistent) return Number(b.isPersistent) - Number(a.isPersistent);
  return b.rank - a.rank || compareStanding(b.standing, a.standing);
}

function byChance(a: KnownPeer, b: KnownPeer): number {
  return a.chance - b.chance || a.order - b.order;
}

/** What peers are worth, as time goes by. */
export class Ranking {
  readonly #decay: Decay;

  constructor(decay: Decay) {
    this.#decay = decay;
  }

  /**
   * Takes the reports on a peer, and the failures of its addresses, together. To be called when one
   * of them has changed, before the peer is compared with others.
   */
  refresh(peer: KnownPeer, nowMs: number): void {
    peer.standing = this.#decay.standing({ value: this.#worth(peer, nowMs), atMs: nowMs });
  }

  /** A whole number: what a peer did, and what became of dials to it, as far as that still counts. */
  score(peer: KnownPeer, nowMs: number): number {
    if (peer.isPersistent) return scoreMax;
    return withinBounds(Math.round(this.#worth(peer, nowMs))) + 0;
  }

  /** What reports alone make of its score. */
  behaviour(peer: KnownPeer, nowMs: number): number {
    return this.#decay.valueAt(peer.behaviour, nowMs);
  }

  /**
   * Whether `a` is better than `b` by more than chance: by a whole point, so that what is left of
   * an old report moves nobody.
   */
  outranks(a: KnownPeer, b: KnownPeer, nowMs: number): boolean {
    if (a.isPersistent || b.isPersistent) return a.isPersistent && !b.isPersistent;
    if (a.rank !== b.rank) return a.rank > b.rank;
    return this.score(a, nowMs) > this.score(b, nowMs);
  }

  #worth(peer: KnownPeer, nowMs: number): number {
    let worth = this.#decay.valueAt(peer.behaviour, nowMs);
    for (const { blame } of peer.addresses) worth -= this.#decay.valueAt(blame, nowMs);
    return worth;
  }
}
