import type { KnownPeer } from './known-peer.ts';
import { compareStanding, type Decay, scoreMax, withinBounds } from './scores.ts';

/**
 * Compares peers for `sort`, the best first. Persistent peers come before all others and are equal.
 * Otherwise the application's `rank` counts, then the score, then chance.
 */
export function byRank(a: KnownPeer, b: KnownPeer): number {
  return byWorth(a, b) || byChance(a, b);
}

/**
 * Compares peers to dial: like `byRank`, but whatever their scores, chosen peers come before
 * strangers, and those that were ever reached before the others. Of equals, the one that was due
 * first comes first.
 */
export function byDialOrder(a: KnownPeer, b: KnownPeer): number {
  return (
    byFavour(a, b) ||
    // Invented strangers have not failed yet. A stream of them would keep waiting those that have.
    Number(b.isChosen) - Number(a.isChosen) ||
    Number(b.wasReached) - Number(a.wasReached) ||
    byScore(a, b) ||
    // Otherwise a persistent peer that keeps failing would never let another one pass.
    a.dueMs - b.dueMs ||
    byChance(a, b)
  );
}

/**
 * Compares unused peers, the first to be forgotten first: those without an address, then strangers,
 * then those that this node never reached by dialing, then those that were never up, then the
 * lowest ranked. A peer that has only ever come by itself costs nothing to make.
 */
export function byUselessness(a: KnownPeer, b: KnownPeer): number {
  return (
    Number(b.addresses.size === 0) - Number(a.addresses.size === 0) ||
    Number(a.isChosen) - Number(b.isChosen) ||
    Number(a.wasReached) - Number(b.wasReached) ||
    Number(a.upSinceMs !== undefined) - Number(b.upSinceMs !== undefined) ||
    byRank(b, a)
  );
}

function byWorth(a: KnownPeer, b: KnownPeer): number {
  return byFavour(a, b) || byScore(a, b);
}

/** By what the application thinks of them. */
function byFavour(a: KnownPeer, b: KnownPeer): number {
  if (a.isPersistent || b.isPersistent) return Number(b.isPersistent) - Number(a.isPersistent);
  return b.rank - a.rank;
}

function byScore(a: KnownPeer, b: KnownPeer): number {
  return a.isPersistent && b.isPersistent ? 0 : compareStanding(b.standing, a.standing);
}

function byChance(a: KnownPeer, b: KnownPeer): number {
  return a.chance - b.chance || a.order - b.order;
}

/** Computes the scores of peers, which decay over time. */
export class Ranking {
  readonly #decay: Decay;

  constructor(decay: Decay) {
    this.#decay = decay;
  }

  /**
   * Recomputes a peer's standing from the reports on it and the failures of its addresses. Call it
   * when either has changed, before the peer is compared with others.
   */
  refresh(peer: KnownPeer, nowMs: number): void {
    peer.standing = this.#decay.standing({ value: this.#worth(peer, nowMs), atMs: nowMs });
  }

  /** The score, a whole number: the decayed reports and failed dials. */
  score(peer: KnownPeer, nowMs: number): number {
    if (peer.isPersistent) return scoreMax;
    return withinBounds(Math.round(this.#worth(peer, nowMs))) + 0;
  }

  /** The part of the score that comes from reports. */
  behaviour(peer: KnownPeer, nowMs: number): number {
    return this.#decay.valueAt(peer.behaviour, nowMs);
  }

  /**
   * Whether `a` is better than `b`, apart from chance. Scores count in whole points, so that the
   * rest of an old report replaces no peer.
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
