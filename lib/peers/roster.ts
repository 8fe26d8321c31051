import type { NodeId } from '../model/id.ts';
import { DialQueue } from './dial-queue.ts';
import type { Rank } from './guarded-rank.ts';
import { KnownPeer } from './known-peer.ts';
import type { PeerRules } from './options.ts';
import type { PeerRecord } from './peer-record.ts';
import { byRank, byUselessness, type Ranking } from './ranking.ts';
import { RankedSet } from './ranked-set.ts';
import { Slots } from './slots.ts';
import { Upgrades } from './upgrades.ts';

/**
 * The known peers, and the parts that keep them in some order: each part looks at a peer anew when
 * it has `changed`, and at no other. Forgets peers when there are too many.
 */
export class Roster {
  readonly slots: Slots;
  readonly upgrades: Upgrades;
  readonly dials: DialQueue;
  readonly #rules: PeerRules;
  readonly #ranking: Ranking;
  readonly #random: () => number;
  readonly #rank: Rank | undefined;
  readonly #peers = new Map<NodeId, KnownPeer>();
  /** With a link. */
  readonly connected: Set<KnownPeer> = new Set<KnownPeer>();
  /** Found not to fit to this node. */
  readonly incompatible: Set<KnownPeer> = new Set<KnownPeer>();
  readonly #useless = new RankedSet<KnownPeer>(byUselessness);
  readonly #forgotten: NodeId[] = [];
  #order = 0;

  constructor(rules: PeerRules, ranking: Ranking, random: () => number) {
    this.#rules = rules;
    this.#ranking = ranking;
    this.#random = random;
    this.#rank = rules.rank;
    this.slots = new Slots(rules);
    this.upgrades = new Upgrades(ranking, this.slots);
    this.dials = new DialQueue(rules, this.slots, this.upgrades);
  }

  get(id: NodeId): KnownPeer | undefined {
    return this.#peers.get(id);
  }

  [Symbol.iterator](): Iterator<KnownPeer> {
    return this.#peers.values();
  }

  /** The peer with this id; one that is not known yet is as it would be, but for `enter`. */
  meet(id: NodeId, nowMs: number): KnownPeer {
    const known = this.#peers.get(id);
    if (known !== undefined) return known;
    this.#order += 1;
    const peer = new KnownPeer(id, this.#random(), this.#order);
    peer.isUnconditional = this.#rules.unconditional.has(id);
    peer.isPrivate = this.#rules.private.has(id);
    if (this.#rank !== undefined) peer.rank = this.#rank(this.record(peer, nowMs));
    // `rank` may have made it known.
    return this.#peers.get(id) ?? peer;
  }

  /** Knows a peer from now on. `revalued` has to follow. */
  enter(peer: KnownPeer): void {
    this.#peers.set(peer.id, peer);
  }

  /** A peer has changed, but not what it is worth. */
  changed(peer: KnownPeer): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.slots.update(peer);
    this.upgrades.update(peer);
    this.dials.update(peer);
    this.#useless.set(peer, !peer.isPersistent && !peer.isBusy);
    include(this.connected, peer, peer.isConnected);
    include(this.incompatible, peer, peer.incompatibleUntilMs > 0);
  }

  /** A peer has changed, and with it, perhaps, what it is worth. */
  revalued(peer: KnownPeer, nowMs: number): void {
    this.#ranking.refresh(peer, nowMs);
    this.changed(peer);
    if (this.#rank === undefined) return;
    // Behind that: whatever it does, it finds all in order.
    const rank = this.#rank(this.record(peer, nowMs));
    if (rank === peer.rank) return;
    peer.rank = rank;
    this.changed(peer);
  }

  /**
   * Forgets peers while too many are known. Those that are connected, being dialed, or persistent
   * stay, so that for a while there may be more than `maxPeers`, by the number of dials at most.
   */
  forgetExcess(): void {
    // Peers that are connected need not be looked at, if all are.
    while (this.#peers.size > Math.max(this.#rules.maxPeers, this.slots.connected)) {
      const { first } = this.#useless;
      if (first === undefined) return;
      this.forget(first);
    }
  }

  forget(peer: KnownPeer): void {
    this.#peers.delete(peer.id);
    this.slots.remove(peer);
    this.dials.remove(peer);
    this.#useless.delete(peer);
    this.incompatible.delete(peer);
    this.#forgotten.push(peer.id);
  }

  /** A peer that was forgotten. */
  nextForgotten(): NodeId | undefined {
    return this.#forgotten.shift();
  }

  /** All known peers, the best first. */
  ranked(): readonly KnownPeer[] {
    return [...this.#peers.values()].sort(byRank);
  }

  record(peer: KnownPeer, nowMs: number): PeerRecord {
    const { id, isDialing, isPersistent, isChosen, isUnconditional, isPrivate, rank } = peer;
    return {
      id,
      status: peer.ready === undefined ? 'down' : 'up',
      links: [...peer.links],
      isDialing,
      isPersistent,
      isChosen,
      isUnconditional,
      isPrivate,
      score: this.#ranking.score(peer, nowMs),
      rank,
      addresses: Array.from(peer.addresses, ({ address }) => address),
      ...(peer.lastDial !== undefined && { lastDial: peer.lastDial }),
    };
  }
}

function include<T>(set: Set<T>, item: T, isMember: boolean): void {
  if (isMember) set.add(item);
  else set.delete(item);
}
