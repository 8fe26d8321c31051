import {
  defer,
  filter,
  merge,
  mergeMap,
  type Observable,
  take,
  throwError,
  throwIfEmpty,
} from 'rxjs';
import { type AbortSignalLike, aSignal, promised } from '../flow/abort.ts';
import { formatNodeAddress, type NodeAddress } from '../model/address.ts';
import { checkOptions } from '../model/check-options.ts';
import { RxmeshError } from '../model/error.ts';
import type { PeerCommand, RouterEvent } from '../model/event.ts';
import { type NodeId, parseNodeId } from '../model/id.ts';
import type { Ban, Banned } from '../peers/ban.ts';
import { up } from '../peers/connected.ts';
import type { PeerCounts } from '../peers/limits.ts';
import { toNodeAddress } from '../peers/options.ts';
import type { PeerManager } from '../peers/peer-manager.ts';
import type { PeerRecord } from '../peers/peer-record.ts';
import type { PeerUpdate } from '../peers/peer-updates.ts';
import { stoppedError } from './stopped-error.ts';

/** Options of `PeerControl.dial`. */
export interface DialOptions {
  /** Aborting it ends the wait, but not the dial. */
  readonly signal?: AbortSignalLike;
}

/** What `PeerControl` stands on. */
export interface PeerControlParts {
  readonly peers: PeerManager;
  readonly events$: Observable<RouterEvent>;
  /** Says that the application has given a command. */
  readonly commanded: (command: PeerCommand) => void;
  /** Why no transport can dial an address; undefined if one can. */
  readonly protocolFault: (address: NodeAddress) => string | undefined;
  /** Checks that connected peers are still there. */
  readonly probe: () => void;
  readonly isStopped: () => boolean;
}

/**
 * Shows and changes the peers of a node while it runs: `router.peers`. Each command that has
 * changed something appears in `events$` as `peer-command`.
 */
export class PeerControl {
  readonly #parts: PeerControlParts;

  /** @internal */
  constructor(parts: PeerControlParts) {
    this.#parts = parts;
  }

  /** All known peers, connected or not, the best first. */
  list(): readonly PeerRecord[] {
    return this.#parts.peers.peers();
  }

  /**
   * What is known about a peer; undefined if it is not known.
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`
   */
  get(id: NodeId): PeerRecord | undefined {
    return this.#parts.peers.peer(parseNodeId(id));
  }

  /**
   * Adds an address of a peer to dial. Returns false if it was known already; then its back-off
   * ends and it is dialed now.
   *
   * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`, `RXMESH_SELF_CONNECTION`, `RXMESH_STOPPED`;
   *   `RXMESH_PROTOCOL_UNKNOWN`: none of the transports can dial it
   */
  add(address: string | NodeAddress): boolean {
    const parsed = this.#dialable('peers.add', address);
    const isNew = this.#parts.peers.add(parsed);
    this.#say({ name: 'add', address: parsed });
    return isNew;
  }

  /**
   * Adds an address, dials it as soon as a slot is free, and resolves when the peer is up;
   * immediately if it is.
   *
   *     const signal = AbortSignal.timeout(5_000);
   *     await router.peers.dial('ws://…@example.com:4000', { signal });
   *
   * Rejects with the error of this dial if it fails (later dials follow, as for any known peer),
   * with `RXMESH_PEER_BANNED`, with `RXMESH_STOPPED` if the router stops first, with the signal's
   * reason if it is aborted first, or with the errors of `add`.
   */
  async dial(address: string | NodeAddress, options: DialOptions = {}): Promise<PeerUpdate> {
    checkOptions('peers.dial', options, { signal: aSignal });
    const { peers } = this.#parts;
    const parsed = this.#dialable('peers.dial', address);
    const { id } = parsed;
    if (peers.bans().some((ban) => 'id' in ban && ban.id === id)) {
      throw new RxmeshError('RXMESH_PEER_BANNED', 'the peer is banned', { peer: id });
    }
    this.#say({ name: 'dial', address: parsed });
    const up$ = up(peers.peers$, id).pipe(throwIfEmpty(stoppedError));
    const dialed$ = defer(() => {
      if (peers.status(id) === 'down') peers.add(parsed);
      return up$;
    });
    return promised(merge(failureOf(parsed, this.#parts), dialed$), options.signal);
  }

  /**
   * Learns an address from a connected peer. The node at that address is a stranger. An address
   * that no transport can dial is left out. Unlike `add`, this does not end a wait, and one host
   * can introduce only a limited number of peers that have never been up.
   *
   * @param from the peer that sent it
   * @returns whether it was added
   * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`, `RXMESH_NODE_ID_INVALID`
   */
  learn(address: string | NodeAddress, from: NodeId): boolean {
    const told = toNodeAddress(address);
    const { peers, protocolFault } = this.#parts;
    return protocolFault(told) === undefined && peers.learn(told, from);
  }

  /**
   * At most `limit` addresses of other peers to tell a peer: mostly those of the best ones, and
   * some at random. Leaves out its own addresses, and those of private and banned peers.
   *
   * @throws {RangeError} if `limit` is not a whole number of 0 or more
   */
  advertised(to: NodeId, limit: number): readonly NodeAddress[] {
    return this.#parts.peers.advertised(to, limit);
  }

  /**
   * Disconnects a peer. If its address is known, it is dialed again after `disconnectCooldownMs`.
   *
   * @returns false if it is not connected
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`
   */
  disconnect(id: NodeId): boolean {
    const peer = parseNodeId(id);
    const isDone = this.#parts.peers.disconnect(peer);
    if (isDone) this.#say({ name: 'disconnect', peer });
    return isDone;
  }

  /**
   * Forgets a peer with all its addresses, and disconnects it. It may come back as a stranger; to
   * prevent that, ban it.
   *
   * @returns false if it is not known
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`
   */
  remove(id: NodeId): boolean {
    const peer = parseNodeId(id);
    const isDone = this.#parts.peers.remove(peer);
    if (isDone) this.#say({ name: 'remove', peer });
    return isDone;
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
    const isDone = this.#parts.peers.setPersistent(peer, isPersistent);
    if (isDone) this.#say({ name: 'set-persistent', peer, isPersistent });
    return isDone;
  }

  /**
   * Changes the limits that count peers: `router.peers.setLimits({ maxConnected: 8 })`. A limit
   * that was never given follows those that its default depends on. Beyond a lower limit, the
   * lowest ranked peers are disconnected or forgotten.
   *
   * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, naming everything that is wrong
   */
  setLimits(limits: Partial<PeerCounts>): void {
    this.#parts.peers.setLimits(limits);
    this.#say({ name: 'set-limits', limits: { ...limits } });
  }

  /**
   * Bans a peer by its ID, or all peers at an IP address or range, for `forMs` milliseconds
   * (default `peers.banMs`): `router.peers.ban({ ip: '203.0.113.0/24', forMs: 600_000 })`.
   * Connected ones are disconnected. Connections from a banned IP are closed, and dials to it fail,
   * before any handshake, with `RXMESH_PEER_BANNED`. An existing ban that lasts longer is not
   * shortened.
   *
   * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`, `RXMESH_ADDRESS_INVALID`,
   *   `RXMESH_SELF_CONNECTION`
   * @throws {TypeError} if neither or both of `id` and `ip` are given
   * @throws {RangeError} if `forMs` is not a valid time
   */
  ban(ban: Ban): void {
    this.#parts.peers.ban(ban);
    this.#say({ name: 'ban', ...named(ban) });
  }

  /**
   * Lifts a ban early. Returns false if there was none. Lifting the ban of a range does not affect
   * bans of ranges inside or around it.
   *
   * @throws the same errors as `ban`
   */
  unban(banned: Banned): boolean {
    const isDone = this.#parts.peers.unban(banned);
    if (isDone) this.#say({ name: 'unban', ...named(banned) });
    return isDone;
  }

  /**
   * The bans that have not ended, with the remaining time of each, in the form that `ban` takes. So
   * a program can save them and restore them after a restart.
   */
  bans(): readonly Ban[] {
    return this.#parts.peers.bans();
  }

  /**
   * Checks all peers now, for when you know that the network is back (the `online` event of a
   * page): peers in back-off are dialed, and connected ones must give a sign of life within 5 s.
   * The router does this by itself when it detects that the machine has slept. Does nothing once
   * the router is stopped.
   */
  redial(): void {
    if (this.#parts.isStopped()) return;
    this.#say({ name: 'redial' });
    this.#parts.probe();
    this.#parts.peers.redial();
  }

  #dialable(name: string, address: string | NodeAddress): NodeAddress {
    if (this.#parts.isStopped()) throw stoppedError();
    const parsed = toNodeAddress(address);
    const fault = this.#parts.protocolFault(parsed);
    if (fault === undefined) return parsed;
    throw new RxmeshError('RXMESH_PROTOCOL_UNKNOWN', `${name}: ${fault}`);
  }

  #say(command: PeerCommand): void {
    this.#parts.commanded(command);
  }
}

/**
 * Fails when a dial of this address, or the connection that it leads to, fails. If the peer has
 * dialed at the same time, one of the two links is a duplicate, which is no failure.
 */
function failureOf(
  address: NodeAddress,
  { events$, peers }: Pick<PeerControlParts, 'events$' | 'peers'>,
): Observable<never> {
  const text = formatNodeAddress(address);
  return events$.pipe(
    filter((event) => {
      if (event.type !== 'dial-failed' && event.type !== 'connection-refused') return false;
      const isDuplicate = event.error.code === 'RXMESH_DUPLICATE_CONNECTION';
      if (isDuplicate && peers.peer(address.id)?.links.includes('inbound') === true) return false;
      if (event.type === 'dial-failed') return formatNodeAddress(event.address) === text;
      return event.direction === 'outbound' && event.peer === address.id;
    }),
    take(1),
    mergeMap((event) => throwError(() => ('error' in event ? event.error : stoppedError()))),
  );
}

function named(banned: Banned): { readonly peer: NodeId } | { readonly ip: string } {
  return 'id' in banned ? { peer: banned.id } : { ip: banned.ip };
}
