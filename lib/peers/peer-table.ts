import type { NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RxmeshError } from '../model/error.ts';
import { isNodeId, type NodeId } from '../model/id.ts';
import { isLoopbackIp, normalizeIp } from '../model/ip.ts';
import type { PeerReport } from '../model/peer-report.ts';
import { addressesPerPeerMax, makeDue } from './address-book.ts';
import { Admission } from './admission.ts';
import { pickAddresses } from './advertising.ts';
import type { Ban, CheckedBanned } from './ban.ts';
import { BanList } from './ban-list.ts';
import { ChosenHosts } from './chosen-hosts.ts';
import { Commands } from './commands.ts';
import { briefMs, coolDownMs } from './cool-down.ts';
import { DialOutcomes } from './dial-outcomes.ts';
import { Evictions, type Eviction } from './evictions.ts';
import { hostOfPeer, isInReachOf } from './hearsay.ts';
import { InboundHosts } from './inbound-hosts.ts';
import { verdictOn } from './judgement.ts';
import type { KnownPeer } from './known-peer.ts';
import type { PeerRules } from './options.ts';
import type { PeerRecord, PeerStatus } from './peer-record.ts';
import { Ranking } from './ranking.ts';
import { Roster } from './roster.ts';
import { Decay, worthOf } from './scores.ts';
import { restoreInto, savedFrom, type SavedPeer } from './store/saved-peer.ts';
import type { UnsavedParts } from './store/unsaved.ts';
import { Visitors } from './visitors.ts';

/** A peer went up or down. */
export interface PeerUpdate {
  readonly id: NodeId;
  readonly status: PeerStatus;
  /** The direction of the connection that this is about. */
  readonly direction: Direction;
  /** For `up`, the channels that the peer has open, as passed to `ready`; otherwise empty. */
  readonly channels: readonly number[];
  /** For `down`, the error that ended the connection, if there was one. */
  readonly error?: RxmeshError;
}

/** The next dial: now, or not before `dueMs` (`Infinity`: not until something changes). */
export type NextDial = { readonly address: NodeAddress } | { readonly dueMs: number };

/** Where an address comes from. */
export interface AddressSource {
  readonly isPersistent?: boolean;
  /** Whether the application has named it, rather than another peer. Default true. */
  readonly isChosen?: boolean;
}

/**
 * The rules for peers: which are known, connected, dialed next and evicted. A state machine without
 * a clock, streams or I/O. This class changes the one peer that an event is about; the parts behind
 * `Roster` keep all peers in order.
 *
 * Every method that needs the time takes it as a parameter. Results are kept until they are asked
 * for: `nextUpdate`, `nextEviction`, `nextForgotten`, `nextDial`.
 *
 * A peer takes one slot of `maxConnected` however many links it has. Between the claim of a link
 * (`dialed`, `accepted`) and its acceptance by both sides (`ready`) it may have two, one of each
 * direction, because two nodes may dial each other simultaneously; `tie-break.ts` decides which one
 * survives.
 */
export class PeerTable {
  /** What the application may do to peers. */
  readonly commands: Commands;
  readonly #self: NodeId;
  readonly #rules: PeerRules;
  readonly #random: () => number;
  readonly #decay: Decay;
  readonly #ranking: Ranking;
  readonly #roster: Roster;
  readonly #evictions: Evictions;
  readonly #admission: Admission;
  readonly #outcomes: DialOutcomes;
  readonly #bans: BanList;
  readonly #inboundHosts = new InboundHosts();
  readonly #chosenHosts = new ChosenHosts();
  readonly #updates: PeerUpdate[] = [];

  /** @param unsaved notified of the peers and bans whose stored facts change */
  constructor(self: NodeId, rules: PeerRules, random: () => number, unsaved?: UnsavedParts) {
    this.#self = self;
    // A copy that all parts share, because the application may change its counts.
    this.#rules = { ...rules };
    this.#random = random;
    this.#decay = new Decay(rules.scoreHalfLifeMs);
    this.#ranking = new Ranking(this.#decay);
    this.#roster = new Roster(this.#rules, this.#ranking, random, unsaved?.peers);
    this.#evictions = new Evictions(this.#roster);
    const visitors = new Visitors(this.#rules, this.#roster);
    this.#admission = new Admission(this.#roster, this.#evictions, visitors);
    this.#outcomes = new DialOutcomes(this.#rules, this.#roster, this.#decay, random);
    this.commands = new Commands(this.#rules, this.#roster, this.#evictions, this.#admission);
    const capacity = (): number => this.#rules.maxPeers;
    this.#bans = new BanList(capacity, this.#roster, this.#evictions, unsaved?.bans);
  }

  /**
   * Learns an address. If it is known already, it is due now, unless its peer is banned.
   *
   * @returns whether it was added: false if it was known already or there was no room
   * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`
   */
  add(address: NodeAddress, nowMs: number, source: AddressSource = {}): boolean {
    this.#refuseSelf(address.id);
    const peer = this.#meet(address.id, nowMs);
    peer.isRemoved = false;
    const { isPersistent = false, isChosen = true } = source;
    if (isPersistent) peer.isPersistent = true;
    if (isPersistent || isChosen) {
      peer.isChosen = true;
      peer.toldBy = undefined;
      const ip = normalizeIp(address.host ?? '');
      if (ip !== undefined) this.#chosenHosts.add(ip);
    }
    const known = peer.addresses.get(address);
    if (known !== undefined) {
      peer.coolUntilMs = 0;
      makeDue(known);
      known.isAnnounced = false;
    }
    const isNew = peer.learn(address);
    if (isNew || known !== undefined) peer.incompatibleUntilMs = 0;
    this.#roster.enter(peer);
    this.#roster.revalued(peer, nowMs);
    this.#roster.forgetExcess();
    return isNew && this.#roster.get(peer.id) === peer;
  }

  /**
   * Learns an address from a connected peer. Unlike `add`, it does not end a wait, so a peer cannot
   * make this node dial others more often. Nor can it crowd out other peers: `Hearsay` limits how
   * many unproven peers one host may introduce. An address that the peer itself could not dial is
   * not learned.
   *
   * @returns whether it was added
   */
  learn(address: NodeAddress, from: NodeId, nowMs: number): boolean {
    const { id } = address;
    const teller = this.#roster.get(from);
    if (id === this.#self || teller?.isConnected !== true) return false;
    if (!isInReachOf(teller, address)) return false;
    const known = this.#roster.get(id);
    // Most of what peers tell is known already, so that must cost little.
    if (known?.isRemoved === true || known?.addresses.get(address) !== undefined) return false;
    const peer = known ?? this.#roster.meet(id, nowMs);
    if (known === undefined) {
      peer.toldBy = hostOfPeer(teller);
      if (!this.#roster.hearsay.hasRoom(peer.toldBy)) return false;
      peer.bannedUntilMs = this.#bans.until(id);
    }
    // A persistent peer has no bound of its own, so what others tell must not add to its addresses.
    if (peer.isPersistent && peer.addresses.size >= addressesPerPeerMax) return false;
    const isNew = peer.learn(address);
    this.#roster.enter(peer);
    this.#roster.revalued(peer, nowMs);
    this.#roster.forgetExcess();
    return isNew && this.#roster.get(id) === peer;
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
   * Claims a slot for the outbound connection to `address`. This ends its dial, even if it throws.
   *
   * @param remote the remote endpoint of the connection
   * @throws {RxmeshError} as `accepted`
   * @throws {RangeError} if the peer is unknown
   */
  dialed(address: NodeAddress, nowMs: number, remote?: Endpoint): void {
    this.#refuseSelf(address.id);
    const peer = this.#roster.get(address.id);
    if (peer === undefined) {
      throw new RangeError(`peer ${address.id} was dialed, but it is not known: add its address`);
    }
    peer.isDialing = false;
    try {
      this.#claim(peer, 'outbound', remote, nowMs);
      peer.dialed = peer.addresses.get(address) ?? peer.dialed;
    } finally {
      if (!peer.links.has('outbound')) peer.dialed = undefined;
      if (!peer.isConnected) this.#roster.upgrades.release(peer);
      this.#roster.changed(peer);
      this.#roster.forgetUnneeded(peer);
    }
  }

  /**
   * Claims a slot for an inbound connection. If the peer was unknown, it is known from now on.
   *
   * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`; `RXMESH_PEER_BANNED`: the peer or its IP
   *   address is banned; `RXMESH_TOO_MANY_CONNECTIONS`: too many peers have connected from its
   *   host; `RXMESH_PEER_EVICTED`: it is being evicted; `RXMESH_DUPLICATE_CONNECTION`:
   *   it is ready, or has a link of this direction; `RXMESH_PEERS_FULL`: no slot is free, and it
   *   cannot replace another peer
   */
  accepted(id: NodeId, nowMs: number, remote?: Endpoint): void {
    this.#refuseSelf(id);
    const peer = this.#meet(id, nowMs);
    this.#claim(peer, 'inbound', remote, nowMs);
    this.#roster.enter(peer);
    this.#roster.revalued(peer, nowMs);
    this.#roster.forgetExcess();
  }

  /**
   * Handles a link that both sides have accepted. The failures of its address are forgotten; for an
   * inbound link, those of all the peer's addresses. If there are now too many peers, the lowest
   * ranked one is evicted.
   *
   * @returns whether this brought the peer up
   */
  ready(
    id: NodeId,
    direction: Direction,
    nowMs: number,
    channels: readonly number[] = [],
  ): boolean {
    const peer = this.#roster.get(id);
    if (peer?.links.has(direction) !== true || peer.ready !== undefined) return false;
    peer.ready = direction;
    if (!peer.isVisitor) {
      peer.upSinceMs = nowMs;
      peer.toldBy = undefined;
    }
    this.#outcomes.worked(peer, direction, nowMs);
    this.#updates.push({ id, status: 'up', direction, channels });
    this.#roster.revalued(peer, nowMs);
    if (peer.eviction === undefined) this.#admission.settle(peer, nowMs);
    else this.#evictions.again(peer);
    return true;
  }

  /**
   * Learns the addresses that a peer which is up has announced as its own. They replace those that
   * it announced before; addresses of other peers are ignored.
   */
  announced(id: NodeId, addresses: readonly NodeAddress[], nowMs: number): void {
    const peer = this.#roster.get(id);
    if (peer?.ready === undefined || peer.isRemoved || peer.isVisitor) return;
    const own = addresses.filter((address) => address.id === id);
    peer.announced(own);
    this.#roster.revalued(peer, nowMs);
  }

  /**
   * Handles the end of a link. If it was the ready one, the peer is down. If it was the only one,
   * the slot is free and the cool-down begins; an outbound link that was never ready then counts as
   * a failed dial.
   */
  disconnected(
    id: NodeId,
    direction: Direction,
    error: RxmeshError | undefined,
    nowMs: number,
  ): void {
    const peer = this.#roster.get(id);
    if (peer?.links.delete(direction) !== true) return;
    peer.ips.delete(direction);
    if (direction === 'inbound') this.#inboundHosts.delete(peer);
    const wasReady = peer.ready === direction;
    if (wasReady) {
      peer.ready = undefined;
      if (!peer.isVisitor) peer.lastSeenMs = nowMs;
      const isBrief = nowMs - (peer.upSinceMs ?? nowMs) < briefMs;
      peer.briefVisits = isBrief ? peer.briefVisits + 1 : 0;
      const update: PeerUpdate = { id, status: 'down', direction, channels: [] };
      this.#updates.push(error === undefined ? update : { ...update, error });
    }
    const address = peer.dialed;
    if (direction === 'outbound' && !peer.isDialing) peer.dialed = undefined;
    if (peer.isConnected) {
      this.#roster.changed(peer);
      return;
    }
    this.#evictions.over(peer);
    const wasVisitor = peer.isVisitor;
    peer.isVisitor = false;
    if (!peer.isDialing) this.#roster.upgrades.release(peer);
    if (peer.replacedBy !== undefined) this.#roster.upgrades.release(peer.replacedBy);
    peer.coolUntilMs = nowMs + coolDownMs(peer, this.#rules);
    const dialed = direction === 'outbound' && !wasReady ? address : undefined;
    if (wasReady) this.#roster.revalued(peer, nowMs);
    else this.#outcomes.failed(peer, dialed, error, nowMs);
    if (wasVisitor) this.#roster.forgetVisitor(peer);
    this.#roster.forgetUnneeded(peer);
  }

  /**
   * Adds a report to the peer's score. If `verdictOn` says so, it also evicts the peer, once per
   * connection, or bans its ID, known or not. With `banHosts`, a ban includes the hosts that it is
   * connected from.
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
    if (peer === undefined) return;
    this.#evictions.evict(peer, verdict.error);
    if (verdict.isBan && this.#rules.banHosts) this.#bans.banHosts(peer, untilMs);
  }

  /** Bans a peer, or all at an IP address or range, and evicts those that are connected. */
  ban(banned: CheckedBanned, untilMs: number): void {
    if ('id' in banned) this.#refuseSelf(banned.id);
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

  nextUpdate(): PeerUpdate | undefined {
    return this.#updates.shift();
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

  /**
   * Learns what was stored of a peer. Its addresses are due now. It is a stranger, unless an option
   * says otherwise.
   *
   * @param savedAtMs when it was stored: possibly before the clock's zero
   * @returns whether it was unknown until now
   * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`
   */
  restore(saved: SavedPeer, savedAtMs: number, nowMs: number): boolean {
    this.#refuseSelf(saved.id);
    const wasKnown = this.#roster.get(saved.id) !== undefined;
    const peer = this.#meet(saved.id, nowMs);
    if (peer.isRemoved) return false;
    restoreInto(peer, saved, savedAtMs, nowMs, this.#decay);
    this.#roster.enter(peer);
    this.#roster.revalued(peer, nowMs);
    this.#roster.forgetExcess();
    return !wasKnown;
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

  #refuseSelf(id: NodeId): void {
    if (id === this.#self) {
      throw new RxmeshError('RXMESH_SELF_CONNECTION', 'the peer is this node itself', { peer: id });
    }
  }

  #meet(id: NodeId, nowMs: number): KnownPeer {
    const peer = this.#roster.meet(id, nowMs);
    peer.bannedUntilMs = this.#bans.until(id);
    return peer;
  }

  #claim(peer: KnownPeer, direction: Direction, remote: Endpoint | undefined, nowMs: number): void {
    this.#bans.check(peer.id, remote, nowMs);
    const ip = remote?.ip;
    if (direction === 'inbound' && ip !== undefined && !peer.isConnected) this.#checkHost(peer, ip);
    this.#admission.claim(peer, direction, ip, nowMs);
    peer.links.add(direction);
    if (ip !== undefined) {
      peer.ips.set(direction, ip);
      if (direction === 'inbound') this.#inboundHosts.add(peer, ip);
      if (peer.kind !== 'stranger') this.#chosenHosts.add(ip);
    }
    this.#roster.changed(peer);
  }

  /**
   * Refuses a stranger from a host that has enough peers here already. Peers at a loopback address
   * are not counted: they are this machine's own, or those of a proxy on it.
   */
  #checkHost(peer: KnownPeer, ip: string): void {
    if (peer.kind !== 'stranger' || isLoopbackIp(ip)) return;
    const { maxInboundPerHost } = this.#rules;
    if (this.#inboundHosts.countAt(ip) < maxInboundPerHost) return;
    const text = `${maxInboundPerHost} peers have connected from the host of ${ip} already`;
    throw new RxmeshError('RXMESH_TOO_MANY_CONNECTIONS', text, { peer: peer.id });
  }
}
