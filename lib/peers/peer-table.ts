import type { NodeAddress } from '../model/address.ts';
import { mustBe } from '../model/described.ts';
import type { RxmeshError } from '../model/error.ts';
import { isNodeId, type NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import { Admission } from './admission.ts';
import { pickAddresses } from './advertising.ts';
import type { Ban, CheckedBanned } from './ban.ts';
import { BanList } from './ban-list.ts';
import { ChosenHosts } from './chosen-hosts.ts';
import { Commands } from './commands.ts';
import { DialOutcomes } from './dial-outcomes.ts';
import { Evictions, type Eviction } from './evictions.ts';
import { isInReachOf } from './hearsay.ts';
import { Introductions } from './introductions.ts';
import { verdictOn } from './judgement.ts';
import type { KnownPeer } from './known-peer.ts';
import { Links } from './links.ts';
import type { PeerRules } from './options.ts';
import type { PeerRecord, PeerStatus } from './peer-record.ts';
import type { PeerUpdate } from './peer-updates.ts';
import { Ranking } from './ranking.ts';
import { Roster } from './roster.ts';
import { Decay, worthOf } from './scores.ts';
import { refuseSelf } from './self.ts';
import { savedFrom, type SavedPeer } from './store/saved-peer.ts';
import type { UnsavedParts } from './store/unsaved.ts';
import { Visitors } from './visitors.ts';

/** The next dial: now, or not before `dueMs` (`Infinity`: not until something changes). */
export type NextDial = { readonly address: NodeAddress } | { readonly dueMs: number };

/**
 * The rules for peers: which are known, connected, dialed next and evicted. A state machine without
 * a clock, streams or I/O. Its parts handle the events of the one peer that an event is about; the
 * parts behind `Roster` keep all peers in order.
 *
 * Every method that needs the time takes it as a parameter. Results are kept until they are asked
 * for: `nextUpdate`, `nextEviction`, `nextForgotten`, `nextDial`.
 */
export class PeerTable {
  /** What the application may do to peers. */
  readonly commands: Commands;
  /** How peers and their addresses become known. */
  readonly introductions: Introductions;
  /** The links of peers. */
  readonly links: Links;
  readonly #self: NodeId;
  readonly #rules: PeerRules;
  readonly #random: () => number;
  readonly #decay: Decay;
  readonly #ranking: Ranking;
  readonly #roster: Roster;
  readonly #evictions: Evictions;
  readonly #outcomes: DialOutcomes;
  readonly #bans: BanList;
  readonly #chosenHosts = new ChosenHosts();

  /** @param unsaved notified of the peers and bans whose stored facts change */
  constructor(self: NodeId, given: PeerRules, random: () => number, unsaved?: UnsavedParts) {
    // A copy that all parts share, because the application may change its counts.
    const rules = { ...given };
    const decay = new Decay(rules.scoreHalfLifeMs);
    const ranking = new Ranking(decay);
    const roster = new Roster(rules, ranking, random, unsaved?.peers);
    const evictions = new Evictions(roster);
    const admission = new Admission(roster, evictions, new Visitors(rules, roster));
    const outcomes = new DialOutcomes(rules, roster, decay, random);
    const bans = new BanList(() => rules.maxPeers, roster, evictions, unsaved?.bans);
    this.#self = self;
    this.#rules = rules;
    this.#random = random;
    this.#decay = decay;
    this.#ranking = ranking;
    this.#roster = roster;
    this.#evictions = evictions;
    this.#outcomes = outcomes;
    this.#bans = bans;
    this.commands = new Commands(rules, roster, evictions, admission);
    const parts = { self, rules, roster, bans, evictions, admission, outcomes, decay };
    const chosenHosts = this.#chosenHosts;
    const introductions = new Introductions({ ...parts, chosenHosts });
    this.introductions = introductions;
    this.links = new Links({ ...parts, chosenHosts, introductions, random });
  }

  /**
   * The best address to dial: the one with the fewest failures, of the best peer that is not
   * connected, being dialed, cooling down, incompatible or banned. It counts as being dialed from
   * now on.
   */
  nextDial(nowMs: number): NextDial {
    const choice = this.#roster.dials.next(nowMs);
    if (!('peer' in choice)) return choice;
    const { peer, known, replaces } = choice;
    peer.isDialing = true;
    peer.dialed = known;
    if (replaces !== undefined) this.#roster.upgrades.claim(peer, replaces);
    this.#roster.changed(peer);
    return { address: known.address };
  }

  /**
   * Handles the failure of a dial, or of the handshake after it: the address waits. Does nothing if
   * the peer is not being dialed, or its dial was reported already.
   */
  dialFailed(address: NodeAddress, error: RxmeshError, nowMs: number): void {
    const peer = this.#roster.get(address.id);
    if (peer?.isDialing !== true) return;
    peer.isDialing = false;
    peer.dialed = undefined;
    if (!peer.isConnected) this.#roster.upgrades.release(peer);
    // It has connected by itself meanwhile, which says nothing against the address.
    const isDuplicate = peer.isConnected && error.code === 'RXMESH_DUPLICATE_CONNECTION';
    const known = isDuplicate ? undefined : peer.addresses.get(address);
    this.#outcomes.failed(peer, known, error, nowMs);
    this.#roster.forgetUnneeded(peer);
  }

  /**
   * Adds a report to the peer's score. If `verdictOn` says so, it also evicts the peer, once per
   * connection, or bans its ID, known or not. With `banHosts`, a ban includes the hosts that it is
   * connected from, or the one that it has left from.
   */
  report(report: PeerReport, nowMs: number): void {
    const peer = this.#roster.get(report.peer);
    if (peer !== undefined) {
      peer.behaviour = this.#decay.plus(peer.behaviour, worthOf(report), nowMs);
      this.#roster.revalued(peer, nowMs);
    }
    // A persistent peer is not evicted because of its score alone.
    const isJudged = peer?.isPersistent === false;
    const behaviour = isJudged ? this.#ranking.behaviour(peer, nowMs) : undefined;
    const verdict = verdictOn(report, behaviour, this.#rules);
    if (verdict === undefined) return;
    const untilMs = nowMs + this.#rules.banMs;
    if (verdict.isBan) this.#bans.refuse(report.peer, untilMs);
    if (peer !== undefined) this.#evictions.evict(peer, verdict.error);
    if (verdict.isBan && this.#rules.banHosts) this.#bans.banHosts(report.peer, untilMs);
  }

  /** Bans a peer, or all at an IP address or range, and evicts those that are connected. */
  ban(banned: CheckedBanned, untilMs: number): void {
    if ('id' in banned) refuseSelf(this.#self, banned.id);
    this.#bans.ban(banned, untilMs);
  }

  /** Ends a ban; false if there was none. */
  unban(banned: CheckedBanned): boolean {
    return this.#bans.unban(banned);
  }

  /** The bans that have not ended, with the remaining time of each. */
  bans(nowMs: number): readonly Ban[] {
    return this.#bans.entries(nowMs);
  }

  /** When the ban of an ID or a range, given as text, ends or ended; 0 without one. */
  bannedUntil(key: string): number {
    return isNodeId(key) ? this.#bans.until(key) : this.#bans.untilOfRange(key);
  }

  isIpBanned(ip: string, nowMs: number): boolean {
    return this.#bans.isIpBanned(ip, nowMs);
  }

  /** Whether chosen peers were seen at the host of this IP address, or are said to be there. */
  isChosenHost(ip: string): boolean {
    return this.#chosenHosts.has(ip);
  }

  /** Ends all back-offs and cool-downs. Bans and the waits of incompatible peers continue. */
  endWaits(): void {
    for (const peer of this.#roster) {
      peer.coolUntilMs = 0;
      peer.addresses.endWaits();
      this.#roster.changed(peer);
    }
  }

  /** Whether there is hardly room for more peers. */
  get isNearlyFull(): boolean {
    return this.#roster.isNearlyFull;
  }

  /** Whether any peer is being dialed. */
  get isDialing(): boolean {
    return this.#roster.slots.dialing > 0;
  }

  /** Lets incompatible peers be tried again, because this node has changed. */
  reconsiderIncompatible(): void {
    for (const peer of [...this.#roster.incompatible]) {
      peer.incompatibleUntilMs = 0;
      this.#roster.changed(peer);
    }
  }

  /** Takes the next update that has not been emitted yet. */
  nextUpdate(): PeerUpdate | undefined {
    return this.links.nextUpdate();
  }

  /** Takes the next eviction that has not been emitted yet. */
  nextEviction(): Eviction | undefined {
    return this.#evictions.next();
  }

  /** Takes the next forgotten peer: more than `maxPeers` were known, or its addresses expired. */
  nextForgotten(): NodeId | undefined {
    return this.#roster.nextForgotten();
  }

  knows(id: NodeId): boolean {
    return this.#roster.get(id) !== undefined;
  }

  /** What to store of a peer; `undefined` if it is not known, or was removed. */
  saved(id: NodeId, nowMs: number): SavedPeer | undefined {
    const peer = this.#roster.get(id);
    return peer === undefined || peer.isRemoved ? undefined : savedFrom(peer, nowMs);
  }

  status(id: NodeId): PeerStatus {
    return this.#roster.get(id)?.ready === undefined ? 'down' : 'up';
  }

  /** What is known about a peer. */
  peer(id: NodeId, nowMs: number): PeerRecord | undefined {
    const peer = this.#roster.get(id);
    return peer && this.#roster.record(peer, nowMs);
  }

  /** All known peers, the best first. */
  peers(nowMs: number): readonly PeerRecord[] {
    return this.#roster.ranked().map((peer) => this.#roster.record(peer, nowMs));
  }

  /** The addresses of a peer in the order they were added. */
  addresses(id: NodeId): readonly NodeAddress[] {
    return Array.from(this.#roster.get(id)?.addresses ?? [], ({ address }) => address);
  }

  /**
   * Known addresses to advertise to a peer, mostly those of the best peers. Leaves out its own,
   * those of private and banned peers, those that fail, and those that it could not dial.
   */
  advertised(to: NodeId, limit: number, nowMs: number): readonly NodeAddress[] {
    if (!Number.isInteger(limit) || limit < 0) {
      throw new RangeError(`advertised: ${mustBe('limit', 'an integer of at least 0', limit)}`);
    }
    const peers = this.#roster.ranked().filter((peer) => {
      return peer.id !== to && !peer.isPrivate && peer.bannedUntilMs <= nowMs;
    });
    const reader = this.#roster.get(to);
    // An address that fails here is of little use to others. Passed on, it would outlive its node.
    const addressesOf = (peer: KnownPeer): readonly NodeAddress[] =>
      [...peer.addresses]
        .filter(({ failures }) => failures === 0)
        .map(({ address }) => address)
        .filter((each) => reader === undefined || isInReachOf(reader, each));
    return pickAddresses(peers, addressesOf, limit, this.#random);
  }
}
