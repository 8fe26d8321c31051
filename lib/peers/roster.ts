import type { NodeId } from '../model/id.ts';
import { DialQueue } from './dial-queue.ts';
import type { Rank } from './guarded-rank.ts';
import { Hearsay } from './hearsay.ts';
import { KnownPeer } from './known-peer.ts';
import type { PeerRules } from './options.ts';
import type { PeerRecord } from './peer-record.ts';
import { byRank, byUselessness, type Ranking } from './ranking.ts';
import { RankedSet } from './ranked-set.ts';
import { Slots } from './slots.ts';
import type { Unsaved } from './store/unsaved.ts';
import { Upgrades } from './upgrades.ts';

/** The part of `maxPeers` from which on there is hardly room for more. */
const nearlyFull = 0.95;

/**
 * The known peers, and the parts that keep them in order. When a peer has `changed`, each part
 * reconsiders that peer and no other. Forgets peers when there are too many.
 */
export class Roster {
  readonly slots: Slots;
  readonly upgrades: Upgrades;
  readonly hearsay: Hearsay;
  readonly dials: DialQueue;
  readonly #rules: PeerRules;
  readonly #ranking: Ranking;
  readonly #random: () => number;
  readonly #rank: Rank | undefined;
  readonly #unsaved: Unsaved | undefined;
  readonly #peers = new Map<NodeId, KnownPeer>();
  /** The peers with a link. */
  readonly connected: Set<KnownPeer> = new Set<KnownPeer>();
  /** The peers that were found incompatible. */
  readonly incompatible: Set<KnownPeer> = new Set<KnownPeer>();
  readonly #useless = new RankedSet<KnownPeer>(byUselessness);
  readonly #forgotten: NodeId[] = [];
  #order = 0;

  /** @param unsaved notified of the peers whose stored facts change */
  constructor(rules: PeerRules, ranking: Ranking, random: () => number, unsaved?: Unsaved) {
    this.#unsaved = unsaved;
    this.#rules = rules;
    this.#ranking = ranking;
    this.#random = random;
    this.#rank = rules.rank;
    this.slots = new Slots(rules);
    this.hearsay = new Hearsay(rules);
    this.upgrades = new Upgrades(ranking, this.slots);
    this.dials = new DialQueue(rules, this.slots, this.upgrades);
  }

  get(id: NodeId): KnownPeer | undefined {
    return this.#peers.get(id);
  }

  [Symbol.iterator](): Iterator<KnownPeer> {
    return this.#peers.values();
  }

  /** The peer with this ID. An unknown one is created, but not known until `remember`. */
  meet(id: NodeId, nowMs: number): KnownPeer {
    const known = this.#peers.get(id);
    if (known !== undefined) return known;
    this.#order += 1;
    const peer = new KnownPeer(id, this.#random(), this.#order);
    peer.isUnconditional = this.#rules.unconditional.has(id);
    peer.isPrivate = this.#rules.private.has(id);
    if (this.#rank !== undefined) peer.rank = this.#rank(this.record(peer, nowMs));
    // `rank` may have called back and added it.
    return this.#peers.get(id) ?? peer;
  }

  /** Makes a peer known, or takes note that it has changed, and forgets others to make room. */
  remember(peer: KnownPeer, nowMs: number): void {
    this.#peers.set(peer.id, peer);
    this.revalued(peer, nowMs);
    this.forgetExcess();
  }

  /** Updates all parts after a peer has changed, but neither its score nor what is stored of it. */
  changed(peer: KnownPeer): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.slots.update(peer);
    this.hearsay.update(peer);
    this.upgrades.update(peer);
    this.dials.update(peer);
    this.#useless.set(peer, !peer.isPersistent && !peer.isBusy);
    include(this.connected, peer, peer.isConnected);
    include(this.incompatible, peer, peer.incompatibleUntilMs > 0);
  }

  /** Updates all parts after a peer has changed, and possibly its score or what is stored of it. */
  revalued(peer: KnownPeer, nowMs: number): void {
    this.#unsaved?.changed(peer.id);
    this.#ranking.refresh(peer, nowMs);
    this.changed(peer);
    if (this.#rank === undefined) return;
    // Last, because `rank` may call back and must find everything consistent.
    const rank = this.#rank(this.record(peer, nowMs));
    if (rank === peer.rank) return;
    peer.rank = rank;
    this.changed(peer);
  }

  /**
   * Forgets peers while too many are known. Connected, dialed and persistent peers stay, so there
   * may briefly be more than `maxPeers`, by at most the number of dials.
   */
  forgetExcess(): void {
    const { visitors, connected } = this.slots;
    // Visitors displace nobody. If all others are connected, skip the search: those must stay.
    while (this.#peers.size - visitors > Math.max(this.#rules.maxPeers, connected)) {
      const { first } = this.#useless;
      if (first === undefined) return;
      this.forget(first);
    }
  }

  /** Whether there is hardly room for more peers. Visitors need none. */
  get isNearlyFull(): boolean {
    return this.#peers.size - this.slots.visitors >= nearlyFull * this.#rules.maxPeers;
  }

  /**
   * Forgets this peer if it is no longer busy and was removed, or its host has brought too many;
   * and others if too many are known.
   */
  forgetUnneeded(peer: KnownPeer): void {
    if (!peer.isBusy && (peer.isRemoved || this.hearsay.isExcess(peer))) this.forget(peer);
    this.forgetExcess();
  }

  /** Forgets a visitor that has left, unless more is known of it than that visit. */
  forgetVisitor(peer: KnownPeer): void {
    const { isChosen, isBusy, addresses, upSinceMs } = peer;
    if (isChosen || isBusy || addresses.size > 0 || upSinceMs !== undefined) return;
    this.forget(peer);
  }

  forget(peer: KnownPeer): void {
    if (this.#peers.get(peer.id) !== peer) return;
    this.#peers.delete(peer.id);
    this.slots.remove(peer);
    this.hearsay.remove(peer);
    this.dials.remove(peer);
    this.#useless.delete(peer);
    this.incompatible.delete(peer);
    this.#unsaved?.gone(peer.id);
    this.#forgotten.push(peer.id);
  }

  /** Takes the next peer that was forgotten. */
  nextForgotten(): NodeId | undefined {
    return this.#forgotten.shift();
  }

  /** All known peers, the best first. */
  ranked(): readonly KnownPeer[] {
    return [...this.#peers.values()].sort(byRank);
  }

  record(peer: KnownPeer, nowMs: number): PeerRecord {
    const { id, isDialing, isPersistent, isChosen, isUnconditional, isPrivate, rank } = peer;
    const seenMs = peer.seenMs(nowMs);
    const { dueMs } = peer;
    const isWaiting = !peer.isBusy && dueMs > nowMs && dueMs < Infinity;
    return {
      id,
      status: peer.ready === undefined ? 'down' : 'up',
      isVisitor: peer.isVisitor,
      links: [...peer.links],
      isDialing,
      isPersistent,
      isChosen,
      isUnconditional,
      isPrivate,
      score: this.#ranking.score(peer, nowMs),
      rank,
      addresses: Array.from(peer.addresses, ({ address }) => address),
      failures: peer.addresses.failures,
      ...(seenMs !== undefined && { lastSeenMs: seenMs }),
      ...(isWaiting && { nextDialMs: dueMs }),
      ...(peer.lastDial !== undefined && { lastDial: peer.lastDial }),
    };
  }
}

function include<T>(set: Set<T>, item: T, isMember: boolean): void {
  if (isMember) set.add(item);
  else set.delete(item);
}
