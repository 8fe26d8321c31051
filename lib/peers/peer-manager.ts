import { Observable, Subject, type Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Flow } from '../flow/flow.ts';
import { guardedClock, guardedRandom } from '../flow/guarded.ts';
import { hasSlept } from '../flow/has-slept.ts';
import type { NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RxmeshError } from '../model/error.ts';
import { parseNodeId, type NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import { type Ban, type Banned, checkBanned, checkForMs } from './ban.ts';
import { Decisions } from './decisions.ts';
import type { Eviction } from './evictions.ts';
import { guardedRank } from './guarded-rank.ts';
import { checkPeerOptions, toNodeAddress, type PeerOptions } from './options.ts';
import type { PeerRecord, PeerStatus } from './peer-record.ts';
import { PeerTable, type PeerUpdate, type AddressSource } from './peer-table.ts';
import { ToldUpdates } from './told-updates.ts';

/**
 * How often the clock is looked at while a peer is dialed, or waits for that: the machine may have
 * slept.
 */
const lookMs = 10_000;

/** What a peer manager needs, beside what a user says about peers. */
export interface PeerManagerOptions extends PeerOptions {
  /** The node that this is; it never becomes its own peer. */
  readonly self: NodeId;
  readonly clock: Clock;
  /** A number in [0, 1): for jitter, and for the order of peers with the same score. */
  readonly random: () => number;
}

/**
 * Decides which peers to dial, to accept and to disconnect; the router does it, and reports back.
 * The rules stand in `PeerTable`; here are the streams and the one timer.
 *
 *     dials$       an address ─▶ dialed ─▶ ready ─▶ disconnected   (or dialFailed before dialed)
 *     incoming            ─▶ accepted ─▶ ready ─▶ disconnected
 *     updates$                           up       down
 *     evictions$   a peer ─▶ close its connections ─▶ disconnected
 *
 * Streams emit before the call that caused it returns, unless the call came out of one of their
 * subscribers: then after that one has returned, so that every subscriber sees the same order.
 */
export class PeerManager {
  /**
   * An address to dial, whenever one is due, a slot is free, and there is demand: whoever consumes
   * with demand dials no more at a time than it asks for. The address counts as being dialed until
   * `dialed` or `dialFailed` tells what came of it, even if the subscription ends. The timer for
   * the next dial runs only while there is demand, and somebody is dialed or waits for it.
   *
   * Of several subscribers, each hears of each dial: one of them dials.
   */
  readonly dials$: Flow<NodeAddress>;
  /** Peers whose connections must be closed, each once until it is disconnected. */
  readonly evictions$: Flow<Eviction>;
  /**
   * Peers that go up and down, from now on, in order. A subscriber that throws disturbs no other.
   */
  readonly updates$: Observable<PeerUpdate>;
  /** The peers that are up, then `updates$`. */
  readonly peers$: Observable<PeerUpdate>;
  /** Peers that are not known any more: more than `maxPeers` were, or their addresses expired. */
  readonly forgotten$: Observable<NodeId>;

  readonly #table: PeerTable;
  readonly #clock: Clock;
  readonly #banMs: number;
  readonly #dials: Decisions<NodeAddress>;
  readonly #evictions: Decisions<Eviction>;
  readonly #updates = new ToldUpdates();
  readonly #forgotten = new Subject<NodeId>();
  #timer: Subscription | undefined;
  /** When the timer should go off; `Infinity` without one. */
  #dueAtMs = Infinity;
  /** Whether the answer to "who is next?" may have changed since it was asked. */
  #isDialStale = true;
  #isEmitting = false;
  #isClosed = false;

  /** @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, naming every option that is wrong */
  constructor(options: PeerManagerOptions) {
    const problems: string[] = [];
    const checked = checkPeerOptions(options.self, options, problems);
    if (problems.length > 0) {
      throw new RxmeshError('RXMESH_OPTIONS_INVALID', `peers: ${problems.join('; ')}`);
    }
    this.#clock = guardedClock(options.clock);
    this.#banMs = checked.banMs;
    const rank = checked.rank && guardedRank(checked.rank);
    const rules = { ...checked, rank };
    this.#table = new PeerTable(options.self, rules, guardedRandom(options.random));
    const nowMs = this.#clock.now();
    const isPersistent = true;
    for (const address of checked.persistent) this.#table.add(address, nowMs, { isPersistent });
    for (const address of checked.addresses) this.#table.add(address, nowMs);
    this.#dials = new Decisions(this.#clock, () => this.#dialsMayChange());
    this.#evictions = new Decisions(this.#clock, () => this.#emit());
    this.dials$ = this.#dials.flow;
    this.evictions$ = this.#evictions.flow;
    this.updates$ = this.#updates.updates$;
    this.peers$ = this.#updates.peers$;
    this.forgotten$ = this.#forgotten.asObservable();
  }

  /**
   * Learns an address of a peer. One that is known waits no longer: it is dialed now, if a slot is
   * free and its peer is not banned, and its back-off begins anew.
   *
   * @param source where it comes from. Default: the application has named it
   * @returns whether anything was added: false for one that is known, or that no room was made for
   * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`; `RXMESH_SELF_CONNECTION`: it is this node's
   *   own; `RXMESH_STOPPED`: after `close`
   */
  add(address: string | NodeAddress, source?: AddressSource): boolean {
    this.#refuseWhenClosed();
    const known = toNodeAddress(address);
    return this.#change(() => this.#table.add(known, this.#clock.now(), source));
  }

  /**
   * Peers that wait, for a back-off or after a disconnect, are dialed now, as far as slots are
   * free; back-offs begin anew. It happens by itself when this machine has slept. Bans go on, and
   * so do the waits of incompatible peers.
   */
  redial(): void {
    this.#change(() => this.#table.endWaits());
  }

  /**
   * The dial of `address`, or the handshake after it, failed: the address waits, twice as long each
   * time. After `RXMESH_INCOMPATIBLE` the peer is not dialed for `incompatibleMs`, unless it gets a
   * new address or this node changes. Nothing happens if the peer is not being dialed.
   */
  dialFailed(address: NodeAddress, error: RxmeshError): void {
    this.#change(() => this.#table.dialFailed(address, error, this.#clock.now()));
  }

  /**
   * Claims a slot for the connection that was dialed at `address`. The dial has ended, even when
   * this throws. A link of each direction may be claimed until one of them is ready.
   *
   * @param remote where the other end is, for bans of IP addresses
   * @throws {RxmeshError} as `accepted`
   * @throws {RangeError} nobody has added an address of this peer
   */
  dialed(address: NodeAddress, remote?: Endpoint): void {
    this.#refuseWhenClosed();
    this.#change(() => this.#table.dialed(address, this.#clock.now(), remote));
  }

  /**
   * Claims a slot for a connection from `id`, and remembers the peer.
   *
   * @param remote where the other end is, for bans of IP addresses
   * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`; `RXMESH_PEER_BANNED`; `RXMESH_PEER_EVICTED`: it
   *   is being evicted; `RXMESH_DUPLICATE_CONNECTION`: it is ready, or has a link of this
   *   direction; `RXMESH_PEERS_FULL`; `RXMESH_STOPPED`; `RXMESH_NODE_ID_INVALID`
   */
  accepted(id: NodeId, remote?: Endpoint): void {
    this.#refuseWhenClosed();
    const peer = parseNodeId(id);
    this.#change(() => this.#table.accepted(peer, this.#clock.now(), remote));
  }

  /**
   * Both sides have accepted the link of this direction: the peer is up. Does nothing when there is
   * no such link, or one is ready already.
   *
   * @param channels what the peer has open, to be told with the update
   * @returns whether the peer is up because of this
   */
  ready(id: NodeId, direction: Direction, channels: readonly number[] = []): boolean {
    return this.#change(() => this.#table.ready(id, direction, this.#clock.now(), channels));
  }

  /**
   * The link of this direction has ended. The peer is down if that was the ready one. When it has
   * no other, its slot is free and it is not dialed for `disconnectCooldownMs`; an outbound one
   * that was never ready also counts as a dial that failed.
   */
  disconnected(id: NodeId, direction: Direction, error?: RxmeshError): void {
    this.#change(() => this.#table.disconnected(id, direction, error, this.#clock.now()));
  }

  /**
   * Reports what a peer did: a good report raises its score, any other one lowers it. `disconnect`
   * and `ban` evict it if it is connected; `ban` also refuses it for `banMs`, known or not, and
   * with `banHosts` all at its IP address. A score that falls to `disconnectScore` or `banScore`
   * does the same.
   */
  report(report: PeerReport): void {
    this.#change(() => this.#table.report(report, this.#clock.now()));
  }

  /**
   * Refuses a peer, or all at an IP address or range, for a while; those that are connected are
   * evicted. A ban that lasts longer stays as it is. Bans of IP addresses are for `isIpBanned` to
   * look at before a handshake, and `accepted` and `dialed` look again.
   *
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`, `RXMESH_ADDRESS_INVALID`,
   * `RXMESH_SELF_CONNECTION`
   * @throws {TypeError} neither `id` nor `ip`, or both
   * @throws {RangeError} for a time that is none
   */
  ban(ban: Ban): void {
    const banned = checkBanned('ban', ban);
    const forMs = checkForMs('ban', ban, this.#banMs);
    this.#change(() => this.#table.ban(banned, this.#clock.now() + forMs));
  }

  /**
   * Ends a ban before its time; false if there was none. Of a range, not those of ranges in it or
   * around it.
   * @throws as `ban`
   */
  unban(banned: Banned): boolean {
    const checked = checkBanned('unban', banned);
    return this.#change(() => this.#table.unban(checked));
  }

  /**
   * The bans that have not ended, with the time that is left of each: what `ban` takes, so that a
   * program can keep them, and set them again when it starts anew.
   */
  bans(): readonly Ban[] {
    return this.#table.bans(this.#clock.now());
  }

  /** Whether connections with this IP address are to be refused. */
  isIpBanned(ip: string): boolean {
    return this.#table.isIpBanned(ip, this.#clock.now());
  }

  /** This node has changed (its channels, say): peers that were incompatible may be tried again. */
  selfChanged(): void {
    this.#change(() => this.#table.reconsiderIncompatible());
  }

  status(id: NodeId): PeerStatus {
    return this.#table.status(id);
  }

  /** All known peers, the best first. */
  peers(): readonly PeerRecord[] {
    return this.#table.peers(this.#clock.now());
  }

  /** The addresses of a peer, in the order in which they were added; none for an unknown one. */
  addresses(id: NodeId): readonly NodeAddress[] {
    return this.#table.addresses(id);
  }

  /**
   * Addresses to tell a peer, at most `limit`, beside this node's own: mostly those of the best
   * peers, at random some of others. Its own addresses, and those of private and banned peers, are
   * left out.
   *
   * @throws {RangeError} for a limit that is no whole number of 0 or more
   */
  advertised(to: NodeId, limit: number): readonly NodeAddress[] {
    if (!Number.isInteger(limit) || limit < 0) {
      throw new RangeError(`advertised: limit is a whole number of 0 or more, not ${limit}`);
    }
    return this.#table.advertised(to, limit, this.#clock.now());
  }

  /**
   * Completes the streams and drops the timer. What comes later changes the table, but emits
   * nothing. Doing it twice is fine.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dropTimer();
    this.#dials.complete();
    this.#evictions.complete();
    this.#updates.complete();
    this.#forgotten.complete();
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new RxmeshError('RXMESH_STOPPED', 'the peer manager is closed');
  }

  /** Does `work` and emits what follows from it, also when it throws. */
  #change<T>(work: () => T): T {
    try {
      return work();
    } finally {
      this.#dialsMayChange();
    }
  }

  #dialsMayChange(): void {
    this.#isDialStale = true;
    this.#emit();
  }

  /**
   * Emits until there is nothing left to tell. Calls out of a subscriber leave it to the outer one.
   */
  #emit(): void {
    if (this.#isEmitting) return;
    this.#isEmitting = true;
    try {
      let hasMore = true;
      while (hasMore) hasMore = this.#emitOne();
    } finally {
      this.#isEmitting = false;
    }
  }

  #emitOne(): boolean {
    const update = this.#table.nextUpdate();
    if (update !== undefined) {
      this.#updates.next(update);
      return true;
    }
    const forgotten = this.#table.nextForgotten();
    if (forgotten !== undefined) {
      this.#forgotten.next(forgotten);
      return true;
    }
    const eviction = this.#evictions.isWanted ? this.#table.nextEviction() : undefined;
    if (eviction !== undefined) {
      this.#evictions.next(eviction);
      return true;
    }
    return this.#isDialStale && this.#emitDial();
  }

  #emitDial(): boolean {
    const nowMs = this.#clock.now();
    // Whatever comes first after a sleep comes here: the timer, or the end of a dial that slept as
    // well.
    if (hasSlept(nowMs - this.#dueAtMs, lookMs)) this.#table.endWaits();
    this.#dropTimer();
    this.#isDialStale = false;
    if (!this.#dials.isWanted) return false;
    const next = this.#table.nextDial(nowMs);
    if ('address' in next) {
      this.#isDialStale = true;
      this.#dials.next(next.address);
      return true;
    }
    if (next.dueMs < Infinity || this.#table.isDialing) {
      const delayMs = Math.min(next.dueMs - nowMs, lookMs);
      this.#dueAtMs = nowMs + delayMs;
      this.#timer = this.#clock.schedule(() => this.#dialsMayChange(), delayMs);
    }
    return false;
  }

  #dropTimer(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    this.#dueAtMs = Infinity;
  }
}
