import { formatNodeAddress, type NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RxmeshError, type ErrorCode } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import { parseIpRange, rangeHas } from '../model/ip-range.ts';
import { errorOfReport, type PeerReport } from '../model/peer-report.ts';
import { retryDelayMs, type BackOff } from './back-off.ts';
import type { CheckedBanned } from './ban.ts';
import { Bans } from './bans.ts';
import { IpBans } from './ip-bans.ts';
import { byRank, byUse, KnownPeer, type KnownAddress } from './known-peer.ts';
import type { PeerRules } from './options.ts';
import { Slots } from './slots.ts';

/** A peer is up while it has a connection that both sides have accepted. */
export type PeerStatus = 'up' | 'down';

/** A peer went up or down. */
export interface PeerUpdate {
  readonly id: NodeId;
  readonly status: PeerStatus;
  /** Of the connection that this is about. */
  readonly direction: Direction;
  /** Of an `up`: the channels that the peer has, as `ready` was told. */
  readonly channels: readonly number[];
  /** Of a `down`: why, if somebody is to blame. */
  readonly error?: RxmeshError;
}

/** A peer whose connections have to be closed, and why. */
export interface Eviction {
  readonly peer: NodeId;
  readonly error: RxmeshError;
}

/** What is known of a peer at one moment. */
export interface PeerRecord {
  readonly id: NodeId;
  readonly status: PeerStatus;
  /** Its connections, ready or not. */
  readonly links: readonly Direction[];
  readonly isDialing: boolean;
  readonly isPersistent: boolean;
  /** From -32,767 to 32,767; persistent peers have the highest. */
  readonly score: number;
  readonly addresses: readonly NodeAddress[];
}

/** The next dial: now, or not before `dueMs` (`Infinity`: not until something changes). */
export type NextDial = { readonly address: NodeAddress } | { readonly dueMs: number };

/**
 * Who is known, who is connected, who is to be dialed next and who has to go: the rules of the peer
 * manager, without time, streams or I/O.
 *
 * Every method that needs the time takes it. What the table has to tell, it keeps until it is asked
 * for it: `nextUpdate`, `nextEviction`, `nextForgotten`, `nextDial`.
 *
 * A peer takes one slot of `maxConnected` however many links it has. Between the claim of a link
 * (`dialed`, `accepted`) and the moment both sides have accepted it (`ready`) it may have two, one
 * of each direction, since two nodes may dial each other at once; `tie-break.ts` says which one
 * stays.
 */
export class PeerTable {
  readonly #self: NodeId;
  readonly #limits: PeerRules;
  readonly #random: () => number;
  readonly #backOff: BackOff;
  readonly #backOffPersistent: BackOff;
  readonly #peers = new Map<NodeId, KnownPeer>();
  readonly #slots: Slots;
  /** With an address: those that can be dialed at all. */
  readonly #addressed = new Set<KnownPeer>();
  /** With an eviction, told or not. */
  readonly #evicted = new Set<KnownPeer>();
  readonly #bans: Bans;
  readonly #ipBans = new IpBans();
  readonly #updates: PeerUpdate[] = [];
  readonly #forgotten: NodeId[] = [];

  constructor(self: NodeId, limits: PeerRules, random: () => number) {
    this.#self = self;
    this.#limits = limits;
    this.#random = random;
    this.#slots = new Slots(limits);
    this.#bans = new Bans(limits.maxPeers);
    const { retryMinMs, retryMaxMs, retryMaxPersistentMs, retryJitterMs: jitterMs } = limits;
    this.#backOff = { minMs: retryMinMs, maxMs: retryMaxMs, jitterMs };
    // A persistent peer is never given up, even where retries are off.
    const minMs = retryMinMs === 0 ? retryMaxPersistentMs : retryMinMs;
    this.#backOffPersistent = { minMs, maxMs: retryMaxPersistentMs, jitterMs };
  }

  /**
   * Learns an address. One that is known is due now, unless its peer is banned.
   *
   * @param isPersistent makes its peer persistent
   * @returns whether anything was added: false for one that is known, or that no room was made for
   * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`
   */
  add(address: NodeAddress, isPersistent = false): boolean {
    this.#refuseSelf(address.id);
    const peer = this.#register(address.id);
    if (isPersistent) {
      peer.isPersistent = true;
      this.#slots.persistent.add(peer);
    }
    const isNew = peer.learn(address);
    this.#addressed.add(peer);
    this.#forgetExcess();
    return isNew && this.#peers.has(peer.id);
  }

  /**
   * The best address to dial: of the peer with the highest score that is neither connected, being
   * dialed, cooling down, nor banned, the one that failed least. From now on it counts as being
   * dialed. A scan of all addresses unless no slot is free: ask once after each change.
   */
  nextDial(nowMs: number): NextDial {
    if (!this.#slots.hasFree(0)) return { dueMs: Infinity };
    const isForAll = this.#slots.hasFree(this.#slots.kept('without dialed'));
    const places = this.#slots.placesInUse();
    let best: KnownPeer | undefined;
    let bestAddress: KnownAddress | undefined;
    let dueMs = Infinity;
    for (const peer of this.#addressed) {
      if (peer.isDialing || peer.isConnected || !(isForAll || peer.isPersistent)) continue;
      const restsUntilMs = this.#restsUntil(peer);
      let dueAddress: KnownAddress | undefined;
      for (const known of peer.addresses.values()) {
        if (known.place !== undefined && places.has(known.place)) continue;
        const atMs = Math.max(restsUntilMs, known.retryAtMs);
        if (atMs > nowMs) dueMs = Math.min(dueMs, atMs);
        else if (dueAddress === undefined || known.failures < dueAddress.failures)
          dueAddress = known;
      }
      if (dueAddress === undefined) continue;
      if (best !== undefined && bestAddress !== undefined) {
        // Of equal scores, as all persistent peers have, those that wait for longer come first:
        // else none that fails and is due again would ever let another one pass.
        const order =
          best.score - peer.score ||
          dueAddress.retryAtMs - bestAddress.retryAtMs ||
          peer.rank - best.rank;
        if (order >= 0) continue;
      }
      best = peer;
      bestAddress = dueAddress;
    }
    if (best === undefined || bestAddress === undefined) return { dueMs };
    best.isDialing = true;
    best.dialed = bestAddress;
    this.#slots.dialing.add(best);
    return { address: bestAddress.address };
  }

  /**
   * A dial, or the handshake after it, failed: the address waits. A second report on the same dial
   * does nothing, and so does one about a peer that is not being dialed.
   */
  dialFailed(address: NodeAddress, error: RxmeshError, nowMs: number): void {
    const peer = this.#peers.get(address.id);
    if (peer?.isDialing !== true) return;
    this.#endDial(peer);
    this.#dialHasFailed(peer, peer.addresses.get(formatNodeAddress(address)), error, nowMs);
    peer.dialed = undefined;
    this.#forgetExcess();
  }

  /**
   * Claims the outbound connection to `address`. Its dial has ended, whether this succeeds or not.
   *
   * @param remote where the other end of the connection is
   * @throws {RxmeshError} as `accepted`
   * @throws {RangeError} nobody has added this peer
   */
  dialed(address: NodeAddress, nowMs: number, remote?: Endpoint): void {
    this.#refuseSelf(address.id);
    const peer = this.#peers.get(address.id);
    if (peer === undefined) {
      throw new RangeError(`peer ${address.id} was dialed, but it is not known: add its address`);
    }
    this.#endDial(peer);
    try {
      this.#claim(peer, 'outbound', remote, nowMs);
      peer.dialed = peer.addresses.get(formatNodeAddress(address));
    } finally {
      if (!peer.links.has('outbound')) peer.dialed = undefined;
      this.#forgetExcess();
    }
  }

  /**
   * Claims an inbound connection. A peer that nobody has added is known from now on.
   *
   * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`; `RXMESH_PEER_BANNED`: it, or where it is;
   *   `RXMESH_PEER_EVICTED`: it is being evicted; `RXMESH_DUPLICATE_CONNECTION`: it is ready, or
   *   has a link of this direction; `RXMESH_PEERS_FULL`
   */
  accepted(id: NodeId, nowMs: number, remote?: Endpoint): void {
    this.#refuseSelf(id);
    const known = this.#peers.get(id);
    const peer = known ?? new KnownPeer(id, this.#random());
    this.#claim(peer, 'inbound', remote, nowMs);
    if (known === undefined) this.#peers.set(id, peer);
    this.#forgetExcess();
  }

  /**
   * Both sides have accepted the link. It proves that the address is good: failures are forgotten,
   * of an inbound link those of all addresses.
   *
   * @returns whether the peer is up now because of this
   */
  ready(id: NodeId, direction: Direction, channels: readonly number[] = []): boolean {
    const peer = this.#peers.get(id);
    if (peer?.links.has(direction) !== true || peer.ready !== undefined) return false;
    peer.ready = direction;
    peer.incompatibleUntilMs = 0;
    for (const known of peer.addresses.values()) {
      if (direction === 'outbound' && known !== peer.dialed) continue;
      known.failures = 0;
      known.backOffs = 0;
      known.retryAtMs = 0;
    }
    // It could not be evicted before it was up.
    if (peer.eviction !== undefined) peer.eviction.isTold = false;
    this.#updates.push({ id, status: 'up', direction, channels });
    return true;
  }

  /**
   * A link has ended. The peer is down if it was the ready one; its slot is free, and its cool-down
   * begins, when it has no other. An outbound link that was never ready is a dial that failed.
   */
  disconnected(
    id: NodeId,
    direction: Direction,
    error: RxmeshError | undefined,
    nowMs: number,
  ): void {
    const peer = this.#peers.get(id);
    if (peer?.links.delete(direction) !== true) return;
    peer.ips.delete(direction);
    const wasReady = peer.ready === direction;
    if (wasReady) {
      peer.ready = undefined;
      const update: PeerUpdate = { id, status: 'down', direction, channels: [] };
      this.#updates.push(error === undefined ? update : { ...update, error });
    }
    const address = peer.dialed;
    if (direction === 'outbound') peer.dialed = undefined;
    this.#slots.unlinked(peer, direction);
    if (peer.isConnected) return;

    peer.eviction = undefined;
    this.#evicted.delete(peer);
    peer.coolUntilMs = nowMs + this.#limits.disconnectCooldownMs;
    if (!wasReady) {
      const dialed = direction === 'outbound' ? address : undefined;
      this.#dialHasFailed(peer, dialed, error, nowMs);
    }
    this.#forgetExcess();
  }

  /**
   * Takes a report into account: it lowers the peer's score; `disconnect` and `ban` evict it if it
   * is connected, once a connection; a ban refuses its id, known or not, until the ban ends, and
   * with `banHosts` where it is connected from.
   */
  report(report: PeerReport, nowMs: number): void {
    const { peer: id, severity } = report;
    const untilMs = nowMs + this.#limits.banMs;
    if (severity === 'ban') this.#bans.add(id, untilMs);
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    peer.report(severity);
    if (severity !== 'disconnect' && severity !== 'ban') return;
    this.#evict(peer, errorOfReport(report));
    if (severity !== 'ban' || !this.#limits.banHosts) return;
    for (const ip of new Set(peer.ips.values())) {
      const range = parseIpRange(ip);
      if (range !== undefined) this.ban({ range }, untilMs);
    }
  }

  /** Refuses a peer, or all at an IP address or range, and evicts those that are connected. */
  ban(banned: CheckedBanned, untilMs: number): void {
    if ('id' in banned) {
      this.#refuseSelf(banned.id);
      this.#bans.add(banned.id, untilMs);
      const peer = this.#peers.get(banned.id);
      if (peer !== undefined) this.#evict(peer, bannedError('the peer is banned', peer.id));
      return;
    }
    const { range } = banned;
    this.#ipBans.add(range, untilMs);
    for (const peer of this.#slots.connected) {
      for (const ip of peer.ips.values()) {
        if (rangeHas(range, ip)) this.#evict(peer, bannedError(`${ip} is banned`, peer.id));
      }
    }
  }

  /** Ends a ban; false if there was none. */
  unban(banned: CheckedBanned): boolean {
    return 'id' in banned ? this.#bans.lift(banned.id) : this.#ipBans.lift(banned.range);
  }

  isIpBanned(ip: string, nowMs: number): boolean {
    return this.#ipBans.isBanned(ip, nowMs);
  }

  /**
   * Nobody waits for a back-off or a cool-down any more. Bans go on, and so do the waits of
   * incompatible peers.
   */
  endWaits(): void {
    for (const peer of this.#addressed) peer.endWaits();
  }

  /** Whether somebody is being dialed. */
  get isDialing(): boolean {
    return this.#slots.dialing.size > 0;
  }

  /** Peers that were found incompatible may be tried again: this node has changed. */
  reconsiderIncompatible(): void {
    for (const peer of this.#peers.values()) peer.incompatibleUntilMs = 0;
  }

  nextUpdate(): PeerUpdate | undefined {
    return this.#updates.shift();
  }

  /** A peer that nobody was told to evict yet. */
  nextEviction(): Eviction | undefined {
    for (const { id, eviction } of this.#evicted) {
      if (eviction === undefined || eviction.isTold) continue;
      eviction.isTold = true;
      return { peer: id, error: eviction.error };
    }
    return undefined;
  }

  /** A peer that was forgotten because more than `maxPeers` were known. */
  nextForgotten(): NodeId | undefined {
    return this.#forgotten.shift();
  }

  status(id: NodeId): PeerStatus {
    return this.#peers.get(id)?.ready === undefined ? 'down' : 'up';
  }

  /** All known peers, the best first. */
  peers(): readonly PeerRecord[] {
    return [...this.#peers.values()].sort(byRank).map((peer) => ({
      id: peer.id,
      status: this.status(peer.id),
      links: [...peer.links],
      isDialing: peer.isDialing,
      isPersistent: peer.isPersistent,
      score: peer.score,
      addresses: this.addresses(peer.id),
    }));
  }

  /** The addresses of a peer, in the order in which they were added. */
  addresses(id: NodeId): readonly NodeAddress[] {
    const known = this.#peers.get(id)?.addresses.values() ?? [];
    return Array.from(known, ({ address }) => address);
  }

  #refuseSelf(id: NodeId): void {
    if (id === this.#self) {
      throw new RxmeshError('RXMESH_SELF_CONNECTION', 'the peer is this node itself', { peer: id });
    }
  }

  #register(id: NodeId): KnownPeer {
    const known = this.#peers.get(id);
    if (known !== undefined) return known;
    const peer = new KnownPeer(id, this.#random());
    this.#peers.set(id, peer);
    return peer;
  }

  #evict(peer: KnownPeer, error: RxmeshError): void {
    if (!peer.isConnected) return;
    peer.eviction ??= { error, isTold: false };
    this.#evicted.add(peer);
  }

  #claim(peer: KnownPeer, direction: Direction, remote: Endpoint | undefined, nowMs: number): void {
    const ip = remote?.ip;
    const refuse = (code: ErrorCode, message: string): RxmeshError =>
      new RxmeshError(code, message, { peer: peer.id });
    if (this.#bans.isBanned(peer.id, nowMs)) throw bannedError('the peer is banned', peer.id);
    // The ban may have come while the handshake ran.
    if (ip !== undefined && this.#ipBans.isBanned(ip, nowMs)) {
      throw bannedError(`${ip} is banned`, peer.id);
    }
    if (peer.eviction !== undefined) {
      throw refuse('RXMESH_PEER_EVICTED', 'the peer is being disconnected for its behaviour');
    }
    if (peer.ready !== undefined || peer.links.has(direction)) {
      throw refuse('RXMESH_DUPLICATE_CONNECTION', 'the peer is connected already');
    }
    const kept = peer.isPersistent ? 0 : this.#slots.kept('with dialed');
    if (!peer.isConnected && this.#slots.connected.size + kept >= this.#limits.maxConnected) {
      throw refuse('RXMESH_PEERS_FULL', `no free slot of ${this.#limits.maxConnected}`);
    }
    peer.links.add(direction);
    if (ip !== undefined) peer.ips.set(direction, ip);
    this.#slots.linked(peer, direction);
  }

  #endDial(peer: KnownPeer): void {
    peer.isDialing = false;
    this.#slots.dialing.delete(peer);
  }

  /** Makes the address wait, and the peer too if it does not fit to this node. */
  #dialHasFailed(
    peer: KnownPeer,
    known: KnownAddress | undefined,
    error: RxmeshError | undefined,
    nowMs: number,
  ): void {
    // The back-off of a persistent peer is enough: it may be restarting with another version.
    if (error?.code === 'RXMESH_INCOMPATIBLE' && !peer.isPersistent) {
      peer.incompatibleUntilMs = nowMs + this.#limits.incompatibleMs;
    }
    if (known === undefined) return;
    known.failures += 1;
    known.backOffs += 1;
    const backOff = peer.isPersistent ? this.#backOffPersistent : this.#backOff;
    known.retryAtMs = nowMs + retryDelayMs(known.backOffs, backOff, this.#random);
  }

  #restsUntil(peer: KnownPeer): number {
    return Math.max(peer.coolUntilMs, peer.incompatibleUntilMs, this.#bans.until(peer.id));
  }

  /**
   * Forgets peers while too many are known. Those without an address go first, since nobody could
   * dial them. Peers that are connected, being dialed, or persistent stay, so that for a while
   * there may be more than `maxPeers`, by the number of dials at most.
   */
  #forgetExcess(): void {
    // Who is connected need not be looked at, if all are.
    while (this.#peers.size > Math.max(this.#limits.maxPeers, this.#slots.connected.size)) {
      let last: KnownPeer | undefined;
      for (const peer of this.#peers.values()) {
        if (peer.isPersistent || peer.isConnected || peer.isDialing) continue;
        if (last === undefined || byUse(peer, last) >= 0) last = peer;
      }
      if (last === undefined) return;
      this.#peers.delete(last.id);
      this.#addressed.delete(last);
      this.#forgotten.push(last.id);
    }
  }
}

function bannedError(text: string, peer: NodeId): RxmeshError {
  return new RxmeshError('RXMESH_PEER_BANNED', text, { peer });
}
