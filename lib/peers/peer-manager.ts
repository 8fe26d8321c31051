import { EMPTY, type Observable } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Flow } from '../flow/flow.ts';
import { guardedClock, guardedRandom } from '../flow/guarded.ts';
import type { NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RxmeshError } from '../model/error.ts';
import type { StoreEvent } from '../model/event.ts';
import { parseNodeId, type NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import { type Ban, type Banned, checkBanned, checkForMs } from './ban.ts';
import type { Eviction } from './evictions.ts';
import type { AddressSource } from './introductions.ts';
import { changedCounts, type PeerCounts, type PeerLimits } from './limits.ts';
import { toNodeAddress } from './options.ts';
import { checkedPeerOptions, type PeerManagerOptions } from './peer-manager-options.ts';
import type { PeerRecord, PeerStatus } from './peer-record.ts';
import { PeerStreams } from './peer-streams.ts';
import { PeerTable } from './peer-table.ts';
import type { PeerUpdate } from './peer-updates.ts';
import { Ledger } from './store/ledger.ts';
import { PeerSaver } from './store/peer-saver.ts';
import { Unsaved } from './store/unsaved.ts';

/**
 * Decides which peers to dial, accept and disconnect. The router carries that out and reports back.
 * The rules are in `PeerTable`; `PeerStreams` emits what follows from them.
 *
 *     dials$       an address ─▶ dialed ─▶ ready ─▶ disconnected   (or dialFailed before dialed)
 *     incoming            ─▶ accepted ─▶ ready ─▶ disconnected
 *     updates$                           up       down
 *     evictions$   a peer ─▶ close its connections ─▶ disconnected
 *
 * Streams emit before the call that caused the emission returns. If that call came from a
 * subscriber of one of them, they emit after the subscriber has returned, so that all subscribers
 * see the same order.
 */
export class PeerManager {
  /**
   * Addresses to dial. Each is emitted when it is due, there is demand, and a slot is free or a
   * lower-ranked peer can be replaced. A consumer with demand never gets more dials than it asked
   * for. An address counts as being dialed until `dialed` or `dialFailed` reports the outcome, even
   * if the subscription ends. The timer for the next dial runs only while there is demand and a
   * peer is being dialed or waits for it.
   *
   * Every subscriber gets every dial. If there are several, only one of them should dial.
   */
  readonly dials$: Flow<NodeAddress>;
  /** Peers whose connections must be closed. Each is emitted once, as soon as it is up. */
  readonly evictions$: Flow<Eviction>;
  /**
   * Peers going up and down from now on, in order. A subscriber that throws does not affect others.
   */
  readonly updates$: Observable<PeerUpdate>;
  /** The peers that are already up, then `updates$`. */
  readonly peers$: Observable<PeerUpdate>;
  /** Peers that were forgotten: there were more than `maxPeers`, or their addresses expired. */
  readonly forgotten$: Observable<NodeId>;

  /** What went wrong with the store: the manager then carries on with the peers in memory. */
  readonly storeEvents$: Observable<StoreEvent>;

  readonly #table: PeerTable;
  readonly #saver: PeerSaver | undefined;
  /** The limits that were given, before the defaults are filled in. */
  #given: Partial<PeerLimits>;
  readonly #clock: Clock;
  readonly #banMs: number;
  readonly #streams: PeerStreams;
  #isClosed = false;

  /** @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, naming every invalid option */
  constructor(options: PeerManagerOptions) {
    const checked = checkedPeerOptions(options);
    this.#clock = guardedClock(options.clock);
    this.#banMs = checked.banMs;
    this.#given = options;
    const { self, store } = options;
    const saved = (): void => this.#saver?.changed();
    const unsaved = store && { peers: new Unsaved(saved), bans: new Unsaved(saved) };
    this.#table = new PeerTable(self, checked, guardedRandom(options.random), unsaved);
    this.#streams = new PeerStreams(this.#table, this.#clock);
    this.#saver =
      unsaved &&
      new PeerSaver({
        store,
        ledger: new Ledger(self, this.#table, unsaved, this.#clock),
        clock: this.#clock,
        change: (work) => this.#streams.change(work),
      });
    this.storeEvents$ = this.#saver?.events$ ?? EMPTY;
    const nowMs = this.#clock.now();
    const isPersistent = true;
    for (const address of checked.persistent)
      this.#table.introductions.add(address, nowMs, { isPersistent });
    for (const address of checked.addresses) this.#table.introductions.add(address, nowMs);
    this.dials$ = this.#streams.dials$;
    this.evictions$ = this.#streams.evictions$;
    this.updates$ = this.#streams.updates$;
    this.peers$ = this.#streams.peers$;
    this.forgotten$ = this.#streams.forgotten$;
  }

  /**
   * Opens the store and reads the peers and bans in it. Subscribe before you take dials. Completes
   * when that is done. If it has failed, or takes more than 10 s, completes as well, emits an event
   * and tries again. From then on changes are written about once a second. Without a store, does
   * nothing.
   */
  load(): Observable<never> {
    return this.#saver?.load() ?? EMPTY;
  }

  /**
   * Writes to the store what has not been written yet. Subscribe before `close`. Completes when
   * that is done or has failed, at the latest after 2 s. The store stays open.
   */
  save(): Observable<never> {
    return this.#saver?.save() ?? EMPTY;
  }

  /**
   * Learns an address of a peer. If it is known already, its back-off is reset, and it is due now
   * unless its peer is banned.
   *
   * @param source where the address comes from. Default: the application has named it
   * @returns whether it was added: false if it was known already or there was no room
   * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`; `RXMESH_SELF_CONNECTION`: it is this node's
   *   own; `RXMESH_STOPPED`: after `close`
   */
  add(address: string | NodeAddress, source?: AddressSource): boolean {
    this.#refuseWhenClosed();
    const known = toNodeAddress(address);
    return this.#streams.change(() =>
      this.#table.introductions.add(known, this.#clock.now(), source),
    );
  }

  /**
   * Learns an address from a connected peer. Unlike `add`, it does not end a wait, so a peer cannot
   * make this node dial others more often. One host can introduce only a limited number of peers
   * that have never been up: a sixteenth of `maxPeers`.
   *
   * @param from the peer that sent it
   * @returns whether it was added
   * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`, `RXMESH_NODE_ID_INVALID`
   */
  learn(address: string | NodeAddress, from: NodeId): boolean {
    const told = toNodeAddress(address);
    const teller = parseNodeId(from);
    return this.#streams.change(() =>
      this.#table.introductions.learn(told, teller, this.#clock.now()),
    );
  }

  /**
   * Ends all back-offs, and the waits after a disconnect: those peers are dialed now if slots are
   * free. Bans, and the waits of incompatible peers, continue. The peer manager does this itself
   * when it notices that the machine has slept.
   */
  redial(): void {
    this.#streams.change(() => this.#table.endWaits());
  }

  /**
   * Reports that the dial of `address`, or the handshake after it, failed. The address waits, twice
   * as long each time. After `RXMESH_INCOMPATIBLE` the peer is not dialed for `incompatibleMs`,
   * unless it is persistent, gets a new address or this node changes. Does nothing if the peer is
   * not being dialed.
   */
  dialFailed(address: NodeAddress, error: RxmeshError): void {
    this.#streams.change(() => this.#table.dialFailed(address, error, this.#clock.now()));
  }

  /**
   * Claims a slot for the connection that was dialed at `address`. This ends the dial, even if it
   * throws. A peer may have one link of each direction until one of them is ready.
   *
   * @param remote the remote endpoint, for bans of IP addresses
   * @throws {RxmeshError} as `accepted`
   * @throws {RangeError} if the peer is unknown
   */
  dialed(address: NodeAddress, remote?: Endpoint): void {
    this.#refuseWhenClosed();
    this.#streams.change(() => this.#table.links.dialed(address, this.#clock.now(), remote));
  }

  /**
   * Claims a slot for a connection from `id`, and remembers the peer.
   *
   * @param remote the remote endpoint, for bans of IP addresses
   * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`; `RXMESH_PEER_BANNED`;
   *   `RXMESH_TOO_MANY_CONNECTIONS`: from its host; `RXMESH_PEER_EVICTED`: it is being evicted;
   *   `RXMESH_DUPLICATE_CONNECTION`: it is ready, or has a link of this direction;
   *   `RXMESH_PEERS_FULL`; `RXMESH_STOPPED`; `RXMESH_NODE_ID_INVALID`
   */
  accepted(id: NodeId, remote?: Endpoint): void {
    this.#refuseWhenClosed();
    const peer = parseNodeId(id);
    this.#streams.change(() => this.#table.links.accepted(peer, this.#clock.now(), remote));
  }

  /**
   * Reports that both sides have accepted the link of this direction: the peer is up. Does nothing
   * if there is no such link, or one is ready already.
   *
   * @param channels the channels that the peer has open, included in the update
   * @returns whether this brought the peer up
   */
  ready(id: NodeId, direction: Direction, channels: readonly number[] = []): boolean {
    return this.#streams.change(() =>
      this.#table.links.ready(id, direction, this.#clock.now(), channels),
    );
  }

  /**
   * Reports the addresses that a peer which is up has announced as its own, the best first: see
   * `announcedAddresses`. They replace those that it announced before. The peer is dialed there
   * when it is down, if a slot is free.
   */
  announced(id: NodeId, addresses: readonly NodeAddress[]): void {
    this.#streams.change(() =>
      this.#table.introductions.announced(id, addresses, this.#clock.now()),
    );
  }

  /**
   * Reports that the link of this direction has ended. If it was the ready one, the peer is down.
   * If it was the only one, the slot is free, and the peer is not dialed for
   * `disconnectCooldownMs`; an outbound link that was never ready also counts as a failed dial.
   */
  disconnected(id: NodeId, direction: Direction, error?: RxmeshError): void {
    this.#streams.change(() =>
      this.#table.links.disconnected(id, direction, error, this.#clock.now()),
    );
  }

  /**
   * Reports what a peer did. A good report raises its score; any other report lowers it.
   * `disconnect` and `ban` evict the peer if it is connected. `ban` also refuses it for `banMs`,
   * known or not, and with `banHosts` everyone at its IP address. Reports that add up to
   * `disconnectScore` or `banScore` have the same effects.
   */
  report(report: PeerReport): void {
    this.#streams.change(() => this.#table.report(report, this.#clock.now()));
  }

  /**
   * Disconnects a peer. A peer that this node dials is dialed again after `disconnectCooldownMs`.
   *
   * @returns false if it has no connection
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`
   */
  disconnect(id: NodeId): boolean {
    const peer = parseNodeId(id);
    return this.#streams.change(() => this.#table.commands.disconnect(peer));
  }

  /**
   * Forgets a peer with its addresses, and disconnects it. It may come back as a stranger; to
   * prevent that, ban it.
   *
   * @returns false if it is not known
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`
   */
  remove(id: NodeId): boolean {
    const peer = parseNodeId(id);
    return this.#streams.change(() => this.#table.commands.remove(peer, this.#clock.now()));
  }

  /**
   * Makes a known peer persistent, or no longer so.
   *
   * @returns false if it is not known
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`; `RXMESH_OPTIONS_INVALID`: `maxConnected` peers
   *   are persistent already
   */
  setPersistent(id: NodeId, isPersistent: boolean): boolean {
    const peer = parseNodeId(id);
    return this.#streams.change(() =>
      this.#table.commands.setPersistent(peer, isPersistent, this.#clock.now()),
    );
  }

  /**
   * Changes limits. Limits that were never given keep following those that they depend on. Beyond a
   * lower limit, the lowest ranked peers are evicted or forgotten.
   *
   * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, naming everything that is wrong
   */
  setLimits(limits: Partial<PeerCounts>): void {
    const counts = changedCounts(this.#given, limits);
    this.#streams.change(() => this.#table.commands.setCounts(counts));
    this.#given = { ...this.#given, ...limits };
  }

  /**
   * Bans a peer, or all peers at an IP address or range, for a while, and evicts those that are
   * connected. A ban that already lasts longer stays as it is. Check IP addresses with `isIpBanned`
   * before a handshake; `accepted` and `dialed` check them again.
   *
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`, `RXMESH_ADDRESS_INVALID`,
   *   `RXMESH_SELF_CONNECTION`
   * @throws {TypeError} if neither or both of `id` and `ip` are given
   * @throws {RangeError} if `forMs` is not a number from 0 to `Number.MAX_SAFE_INTEGER`
   */
  ban(ban: Ban): void {
    const banned = checkBanned('ban', ban);
    const forMs = checkForMs('ban', ban, this.#banMs);
    this.#streams.change(() => this.#table.ban(banned, this.#clock.now() + forMs));
  }

  /**
   * Ends a ban early; false if there was none. For a range, ends only the ban of exactly that
   * range, not those of ranges inside or around it.
   * @throws as `ban`
   */
  unban(banned: Banned): boolean {
    const checked = checkBanned('unban', banned);
    return this.#streams.change(() => this.#table.unban(checked));
  }

  /**
   * The bans that have not ended, with the remaining time of each, in the form that `ban` takes. So
   * a program can save them and restore them after a restart.
   */
  bans(): readonly Ban[] {
    return this.#table.bans(this.#clock.now());
  }

  /** Whether connections to and from this IP address must be refused. */
  isIpBanned(ip: string): boolean {
    return this.#table.isIpBanned(ip, this.#clock.now());
  }

  /**
   * Whether chosen peers were connected from the host of this IP address, or have an address there.
   * A host is an IPv4 address, or the /64 of an IPv6 address, and strangers may share it.
   */
  isChosenHost(ip: string): boolean {
    return this.#table.isChosenHost(ip);
  }

  /** Reports that this node has changed (its channels, say): incompatible peers may be retried. */
  selfChanged(): void {
    this.#streams.change(() => this.#table.reconsiderIncompatible());
  }

  status(id: NodeId): PeerStatus {
    return this.#table.status(id);
  }

  /** What is known about a peer; undefined if it is not known. */
  peer(id: NodeId): PeerRecord | undefined {
    return this.#table.peer(id, this.#clock.now());
  }

  /** Whether at least 95 % of `maxPeers` are known. */
  get isNearlyFull(): boolean {
    return this.#table.isNearlyFull;
  }

  /** All known peers, the best first. */
  peers(): readonly PeerRecord[] {
    return this.#table.peers(this.#clock.now());
  }

  /** The addresses of a peer in the order they were added; empty for an unknown peer. */
  addresses(id: NodeId): readonly NodeAddress[] {
    return this.#table.addresses(id);
  }

  /**
   * At most `limit` addresses to advertise to a peer, in addition to this node's own: mostly those
   * of the best peers, and some at random. Leaves out the recipient's own addresses and those of
   * private and banned peers.
   *
   * @throws {RangeError} if `limit` is not a whole number of 0 or more
   */
  advertised(to: NodeId, limit: number): readonly NodeAddress[] {
    return this.#table.advertised(to, limit, this.#clock.now());
  }

  /**
   * Completes the streams and drops the timer. Later calls may still change the table, but nothing
   * is emitted. Closing twice is fine.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#streams.close();
    this.#saver?.close();
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new RxmeshError('RXMESH_STOPPED', 'the peer manager is closed');
  }
}
