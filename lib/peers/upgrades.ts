import type { KnownPeer } from './known-peer.ts';
import { byRank, type Ranking } from './ranking.ts';
import { RankedSet } from './ranked-set.ts';
import type { Shortage, Slots } from './slots.ts';

const worstFirst = (a: KnownPeer, b: KnownPeer): number => byRank(b, a);

/** The peers that may be replaced, by kind: a chosen peer may leave a slot closed to strangers. */
interface Places {
  readonly strangers: RankedSet<KnownPeer>;
  readonly chosen: RankedSet<KnownPeer>;
}

function places(): Places {
  return { strangers: new RankedSet(worstFirst), chosen: new RankedSet(worstFirst) };
}

/**
 * The peers that a better one may replace. A peer can be replaced while it is up, not being
 * evicted, neither persistent nor unconditional nor a visitor, and no other peer has claimed its
 * place.
 */
export class Upgrades {
  readonly #ranking: Ranking;
  readonly #slots: Slots;
  readonly #inbound = places();
  readonly #outbound = places();
  #claims = 0;

  constructor(ranking: Ranking, slots: Slots) {
    this.#ranking = ranking;
    this.#slots = slots;
  }

  /** How many places are claimed. */
  get claims(): number {
    return this.#claims;
  }

  /** Reconsiders a peer that has changed. */
  update(peer: KnownPeer): void {
    const { kind, ready, stays, isVisitor, replacedBy } = peer;
    const mayGo = stays && !isVisitor && replacedBy === undefined;
    for (const [direction, { strangers, chosen }] of this.#all()) {
      strangers.set(peer, mayGo && ready === direction && kind === 'stranger');
      chosen.set(peer, mayGo && ready === direction && kind === 'chosen');
    }
  }

  /**
   * The peer that `peer` may replace: the lowest ranked one that would make room, if `peer`
   * outranks it. A stranger in a reserved slot makes way for a chosen peer, whatever its rank.
   */
  placeFor(peer: KnownPeer, short: Shortage, nowMs: number): KnownPeer | undefined {
    const isStranger = peer.kind === 'stranger';
    if (!isStranger && this.#slots.hasStrangersTooMany) {
      const stranger = this.lowest(short, true);
      if (stranger !== undefined) return stranger;
    }
    const lowest = this.lowest(short, short.strangers);
    if (lowest === undefined || !this.#ranking.outranks(peer, lowest, nowMs)) return undefined;
    return lowest;
  }

  /** Claims the place of `other` for `peer`; no other peer can claim it then. */
  claim(peer: KnownPeer, other: KnownPeer): void {
    this.release(peer);
    this.#claims += 1;
    peer.replaces = other;
    other.replacedBy = peer;
    this.update(other);
  }

  /** Releases the place that `peer` has claimed, if any. */
  release(peer: KnownPeer): void {
    const { replaces } = peer;
    if (replaces === undefined) return;
    this.#claims -= 1;
    peer.replaces = undefined;
    replaces.replacedBy = undefined;
    this.update(replaces);
  }

  /** The lowest ranked peer that can be replaced and whose leaving would help. */
  lowest(short: Shortage, areStrangersOnly: boolean): KnownPeer | undefined {
    const found: KnownPeer[] = [];
    for (const [direction, { strangers, chosen }] of this.#all()) {
      const other = direction === 'inbound' ? short.outbound : short.inbound;
      if (other) continue;
      if (strangers.first !== undefined) found.push(strangers.first);
      if (chosen.first !== undefined && !areStrangersOnly) found.push(chosen.first);
    }
    return found.sort(worstFirst)[0];
  }

  #all(): readonly (readonly ['inbound' | 'outbound', Places])[] {
    return [
      ['inbound', this.#inbound],
      ['outbound', this.#outbound],
    ];
  }
}
