import type { NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import { isLoopbackIp } from '../model/ip.ts';
import type { Admission } from './admission.ts';
import type { BanList } from './ban-list.ts';
import type { ChosenHosts } from './chosen-hosts.ts';
import { briefMs, coolDownMs } from './cool-down.ts';
import type { DialOutcomes } from './dial-outcomes.ts';
import type { Evictions } from './evictions.ts';
import { hostOfIp } from './hearsay.ts';
import { InboundHosts } from './inbound-hosts.ts';
import type { Introductions } from './introductions.ts';
import type { KnownPeer } from './known-peer.ts';
import type { PeerRules } from './options.ts';
import type { PeerUpdate } from './peer-updates.ts';
import type { Roster } from './roster.ts';
import { refuseSelf } from './self.ts';

/** What links have effects on. */
interface LinkParts {
  readonly self: NodeId;
  readonly rules: PeerRules;
  readonly roster: Roster;
  readonly introductions: Introductions;
  readonly bans: BanList;
  readonly chosenHosts: ChosenHosts;
  readonly admission: Admission;
  readonly evictions: Evictions;
  readonly outcomes: DialOutcomes;
  readonly random: () => number;
}

/**
 * The links of peers, from the claim of a slot to its end.
 *
 * A peer takes one slot of `maxConnected` however many links it has. Between the claim of a link
 * (`dialed`, `accepted`) and its acceptance by both sides (`ready`) it may have two, one of each
 * direction, because two nodes may dial each other simultaneously; `tie-break.ts` decides which one
 * survives.
 */
export class Links {
  readonly #parts: LinkParts;
  readonly #roster: Roster;
  readonly #inboundHosts = new InboundHosts();
  readonly #updates: PeerUpdate[] = [];

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#roster = parts.roster;
  }

  /**
   * Claims a slot for the outbound connection to `address`. This ends its dial, even if it throws.
   *
   * @param remote the remote endpoint of the connection
   * @throws {RxmeshError} as `accepted`
   * @throws {RangeError} if the peer is unknown
   */
  dialed(address: NodeAddress, nowMs: number, remote?: Endpoint): void {
    refuseSelf(this.#parts.self, address.id);
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
    refuseSelf(this.#parts.self, id);
    const peer = this.#parts.introductions.meet(id, nowMs);
    this.#claim(peer, 'inbound', remote, nowMs);
    this.#roster.remember(peer, nowMs);
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
    const { admission, evictions, outcomes } = this.#parts;
    peer.ready = direction;
    if (!peer.isVisitor) {
      peer.upSinceMs = nowMs;
      peer.toldBy = undefined;
    }
    outcomes.worked(peer, direction, nowMs);
    this.#updates.push({ id, status: 'up', direction, channels });
    this.#roster.revalued(peer, nowMs);
    if (peer.eviction === undefined) admission.settle(peer, nowMs);
    else evictions.cameUp(peer);
    return true;
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
    const ip = peer.ips.get(direction);
    peer.ips.delete(direction);
    const { bans, rules } = this.#parts;
    if (ip !== undefined && rules.banHosts) bans.left(id, ip);
    if (direction === 'inbound') this.#inboundHosts.delete(peer);
    const wasReady = peer.ready === direction;
    if (wasReady) this.#down(peer, direction, error, nowMs);
    const address = peer.dialed;
    if (direction === 'outbound' && !peer.isDialing) peer.dialed = undefined;
    if (peer.isConnected) {
      this.#roster.changed(peer);
      return;
    }
    const dialed = direction === 'outbound' && !wasReady ? address : undefined;
    const wasVisitor = peer.isVisitor;
    this.#free(peer, ip, nowMs);
    if (wasReady) this.#roster.revalued(peer, nowMs);
    else this.#parts.outcomes.failed(peer, dialed, error, nowMs);
    if (wasVisitor) this.#roster.forgetVisitor(peer);
    this.#roster.forgetUnneeded(peer);
  }

  /** Takes the next update that has not been emitted yet. */
  nextUpdate(): PeerUpdate | undefined {
    return this.#updates.shift();
  }

  #down(
    peer: KnownPeer,
    direction: Direction,
    error: RxmeshError | undefined,
    nowMs: number,
  ): void {
    peer.ready = undefined;
    this.#parts.evictions.wentDown(peer);
    if (!peer.isVisitor) peer.lastSeenMs = nowMs;
    const isBrief = nowMs - (peer.upSinceMs ?? nowMs) < briefMs;
    peer.briefVisits = isBrief ? peer.briefVisits + 1 : 0;
    const update: PeerUpdate = { id: peer.id, status: 'down', direction, channels: [] };
    this.#updates.push(error === undefined ? update : { ...update, error });
  }

  /** Frees the slot of a peer without links, and the places that it has claimed. */
  #free(peer: KnownPeer, ip: string | undefined, nowMs: number): void {
    const { evictions, rules, random } = this.#parts;
    const { upgrades } = this.#roster;
    evictions.over(peer);
    peer.isVisitor = false;
    if (!peer.isDialing) upgrades.release(peer);
    if (peer.replacedBy !== undefined) upgrades.release(peer.replacedBy);
    peer.coolUntilMs = nowMs + coolDownMs(peer, rules, random);
    if (peer.kind === 'stranger' && ip !== undefined) peer.toldBy ??= hostOfIp(ip);
  }

  #claim(peer: KnownPeer, direction: Direction, remote: Endpoint | undefined, nowMs: number): void {
    const { bans, admission, chosenHosts } = this.#parts;
    bans.check(peer.id, remote, nowMs);
    const ip = remote?.ip;
    if (direction === 'inbound' && ip !== undefined && !peer.isConnected) this.#checkHost(peer, ip);
    admission.claim(peer, direction, ip, nowMs);
    peer.links.add(direction);
    if (ip !== undefined) {
      peer.ips.set(direction, ip);
      if (direction === 'inbound') this.#inboundHosts.add(peer, ip);
      if (peer.kind !== 'stranger') chosenHosts.add(ip);
    }
    this.#roster.changed(peer);
  }

  /**
   * Refuses a stranger from a host that has enough peers here already. Peers at a loopback address
   * are not counted: they are this machine's own, or those of a proxy on it.
   */
  #checkHost(peer: KnownPeer, ip: string): void {
    if (peer.kind !== 'stranger' || isLoopbackIp(ip)) return;
    const { maxInboundPerHost } = this.#parts.rules;
    if (this.#inboundHosts.countAt(ip) < maxInboundPerHost) return;
    const text = `${maxInboundPerHost} peers have connected from the host of ${ip} already`;
    throw new RxmeshError('RXMESH_TOO_MANY_CONNECTIONS', text, { peer: peer.id });
  }
}
