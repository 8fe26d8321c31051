import type { Direction } from '../../../lib/model/direction.ts';
import type { Severity } from '../../../lib/model/peer-report.ts';
import type { PeerCounts } from '../../../lib/peers/limits.ts';
import {
  isBusy,
  isConnected,
  isShort,
  isStranger,
  type RefAddress,
  RefWorld,
  type Refusal,
  type RefPeer,
} from './reference.ts';

const costs: Readonly<Record<Severity | 'good', number>> = {
  good: 1,
  note: -1,
  penalize: -10,
  disconnect: -10,
  ban: -100,
};

/** Applies events to the peers of the model, and collects what it reports. */
export class RefTable extends RefWorld {
  readonly updates: string[] = [];
  readonly evictions: string[] = [];
  readonly forgotten: string[] = [];
  #order = 0;

  add(
    digit: string,
    host: string,
    isPersistent: boolean,
    isChosen: boolean,
    nowMs: number,
  ): boolean {
    const peer = this.#meet(digit);
    peer.isRemoved = false;
    if (isPersistent && !peer.isPersistent) this.#shortenWaits(peer, nowMs);
    peer.isPersistent ||= isPersistent;
    peer.isChosen ||= isPersistent || isChosen;
    if (isPersistent || isChosen) peer.toldBy = undefined;
    const origin = isPersistent || isChosen ? 'named' : 'heard';
    peer.coolUntilMs = 0;
    const known = peer.addresses.find((address) => address.host === host);
    if (known === undefined) {
      peer.addresses.push(newAddress(host, origin));
    } else {
      if (origin === 'named') known.origin = origin;
      known.backOffs = 0;
      known.retryAtMs = 0;
    }
    if (!this.peers.includes(peer)) this.peers.push(peer);
    this.#forgetExcess(nowMs);
    return known === undefined && this.peers.includes(peer);
  }

  /** A peer tells an address of another one. */
  learn(digit: string, host: string, from: string, nowMs: number): boolean {
    const teller = this.find(from);
    if (teller === undefined || !isConnected(teller)) return false;
    const known = this.find(digit);
    if (known?.isRemoved === true || known?.addresses.some((one) => one.host === host) === true) {
      return false;
    }
    if (known === undefined) {
      const told = this.peers.filter(({ toldBy }) => toldBy === from).length;
      if (told >= Math.ceil(this.limits.maxPeers / 16)) return false;
    }
    const peer = known ?? this.#meet(digit);
    if (known === undefined) {
      peer.toldBy = from;
      this.peers.push(peer);
    }
    peer.addresses.push(newAddress(host, 'heard'));
    this.#forgetExcess(nowMs);
    return this.peers.includes(peer);
  }

  /** A peer tells all its own addresses: they replace those that it told before. */
  announced(digit: string, hosts: readonly string[]): void {
    const peer = this.find(digit);
    if (peer?.ready === undefined || peer.isRemoved || peer.isVisitor) return;
    const inUse = peer.dialing ?? peer.outHost;
    peer.addresses = peer.addresses.filter(({ host, origin }) => {
      return origin !== 'announced' || host === inUse || hosts.includes(host);
    });
    for (const host of hosts) {
      const known = peer.addresses.find((one) => one.host === host);
      if (known === undefined) peer.addresses.push(newAddress(host, 'announced'));
      else if (known.origin === 'heard') known.origin = 'announced';
    }
  }

  /** Takes the dial that `choice` has found. */
  dial(nowMs: number): string | undefined {
    const choice = this.choice(nowMs);
    if (choice === undefined) return undefined;
    choice.peer.dialing = choice.host;
    if (choice.replaces !== undefined) choice.peer.replaces = choice.replaces;
    return `${choice.peer.digit}@${choice.host}`;
  }

  dialFailed(digit: string, host: string, nowMs: number): void {
    const peer = this.find(digit);
    if (peer?.dialing === undefined) return;
    peer.dialing = undefined;
    if (!isConnected(peer)) peer.replaces = undefined;
    this.#failed(peer, host, nowMs);
    this.#forgetUnneeded(peer, nowMs);
  }

  dialed(digit: string, host: string, nowMs: number): Refusal | undefined {
    const peer = this.find(digit);
    if (peer === undefined) throw new Error('the test dials nobody that is not known');
    peer.dialing = undefined;
    const refusal = this.#claim(peer, 'outbound', nowMs);
    if (refusal === undefined) peer.outHost = host;
    if (!isConnected(peer)) peer.replaces = undefined;
    this.#forgetUnneeded(peer, nowMs);
    return refusal;
  }

  accepted(digit: string, nowMs: number): Refusal | undefined {
    const peer = this.#meet(digit);
    const refusal = this.#claim(peer, 'inbound', nowMs);
    if (refusal !== undefined) return refusal;
    if (!this.peers.includes(peer)) this.peers.push(peer);
    this.#forgetExcess(nowMs);
    return undefined;
  }

  ready(digit: string, direction: Direction, nowMs: number): void {
    const peer = this.find(digit);
    if (peer?.links.includes(direction) !== true || peer.ready !== undefined) return;
    peer.ready = direction;
    if (!peer.isVisitor) {
      peer.upSinceMs = nowMs;
      peer.toldBy = undefined;
    }
    for (const address of peer.addresses) {
      if (direction === 'outbound' && address.host !== peer.outHost) continue;
      Object.assign(address, { failures: 0, backOffs: 0, retryAtMs: 0, blames: [] });
    }
    if (direction === 'outbound') peer.wasReached = true;
    this.updates.push(`${digit} up`);
    if (peer.isLeaving) {
      // It could not be evicted before it was up.
      this.evictions.push(digit);
      return;
    }
    const wasDialed = peer.dialing !== undefined || peer.outHost !== undefined;
    let isUpgrade = isStranger(peer) && peer.replaces !== undefined && wasDialed;
    isUpgrade &&= this.isBeyondWanted();
    peer.replaces = undefined;
    if (peer.isVisitor) return;
    for (;;) {
      const short = this.shortOfUp(peer);
      if (!isShort(short) && !isUpgrade) return;
      isUpgrade = false;
      const other: RefPeer = this.placeFor(peer, short, nowMs) ?? peer;
      this.#evict(other);
      if (other === peer) return;
    }
  }

  disconnected(digit: string, direction: Direction, nowMs: number): void {
    const peer = this.find(digit);
    if (peer?.links.includes(direction) !== true) return;
    peer.links = peer.links.filter((link) => link !== direction);
    const wasReady = peer.ready === direction;
    if (wasReady) {
      peer.ready = undefined;
      const untold = this.evictions.indexOf(digit);
      if (untold >= 0) this.evictions.splice(untold, 1);
      this.updates.push(`${digit} down`);
      const isBrief = nowMs - (peer.upSinceMs ?? nowMs) < 60_000;
      peer.briefVisits = isBrief ? peer.briefVisits + 1 : 0;
    }
    const host = direction === 'outbound' ? peer.outHost : undefined;
    if (direction === 'outbound') peer.outHost = undefined;
    if (isConnected(peer)) return;
    peer.isLeaving = false;
    if (peer.dialing === undefined) peer.replaces = undefined;
    for (const other of this.peers) if (other.replaces === peer) other.replaces = undefined;
    const { disconnectCooldownMs, retryMaxMs, retryMaxPersistentMs } = this.limits;
    let coolMs = disconnectCooldownMs;
    for (let visit = 1; visit < peer.briefVisits; visit += 1) coolMs *= 2;
    const longestMs = peer.isPersistent ? retryMaxPersistentMs : retryMaxMs;
    peer.coolUntilMs = nowMs + Math.max(disconnectCooldownMs, Math.min(coolMs, longestMs));
    if (!wasReady && host !== undefined) this.#failed(peer, host, nowMs);
    const { isVisitor, isChosen, addresses, upSinceMs } = peer;
    peer.isVisitor = false;
    if (isVisitor && !isChosen && addresses.length === 0 && upSinceMs === undefined) {
      this.#forget(peer);
    }
    this.#forgetUnneeded(peer, nowMs);
  }

  report(digit: string, what: Severity | 'good', nowMs: number): void {
    const peer = this.find(digit);
    if (peer !== undefined) peer.reports = [...peer.reports, { value: costs[what], atMs: nowMs }];
    const { banScore, disconnectScore, banMs } = this.limits;
    const isJudged = peer !== undefined && !peer.isPersistent && what !== 'good';
    const score = isJudged ? this.behaviour(peer, nowMs) : 0;
    const isBan = what === 'ban' || score <= banScore;
    if (isBan) this.#ban(digit, nowMs + banMs);
    if (peer === undefined) return;
    if (isBan || what === 'disconnect' || score <= disconnectScore) this.#evict(peer);
  }

  disconnect(digit: string): boolean {
    const peer = this.find(digit);
    if (peer === undefined || !isConnected(peer)) return false;
    this.#evict(peer);
    return true;
  }

  remove(digit: string, nowMs: number): boolean {
    const peer = this.find(digit);
    if (peer === undefined || peer.isRemoved) return false;
    peer.isPersistent = false;
    peer.isChosen = false;
    peer.isRemoved = true;
    peer.addresses = [];
    this.#evict(peer);
    this.#forgetUnneeded(peer, nowMs);
    return true;
  }

  setPersistent(digit: string, isPersistent: boolean, nowMs: number): Refusal | undefined {
    const peer = this.find(digit);
    if (peer === undefined || peer.isRemoved) return undefined;
    const others = this.persistent().filter((one) => one !== peer).length;
    const isCounted = isPersistent && !peer.isUnconditional && !peer.isPersistent;
    if (isCounted && others >= this.limits.maxConnected) return 'RXMESH_OPTIONS_INVALID';
    if (isPersistent && !peer.isPersistent) this.#shortenWaits(peer, nowMs);
    peer.isPersistent = isPersistent;
    peer.isChosen ||= isPersistent;
    if (isPersistent) peer.toldBy = undefined;
    this.#shrink(nowMs);
    this.#forgetExcess(nowMs);
    return undefined;
  }

  setLimits(counts: PeerCounts, nowMs: number): Refusal | undefined {
    if (this.persistent().length > counts.maxConnected) return 'RXMESH_OPTIONS_INVALID';
    this.limits = { ...this.limits, ...counts };
    this.#shrink(nowMs);
    this.#forgetExcess(nowMs);
    return undefined;
  }

  #shortenWaits(peer: RefPeer, nowMs: number): void {
    const latestMs = nowMs + this.limits.retryMaxPersistentMs;
    peer.coolUntilMs = Math.min(peer.coolUntilMs, latestMs);
    for (const one of peer.addresses) one.retryAtMs = Math.min(one.retryAtMs, latestMs);
  }

  persistent(): readonly RefPeer[] {
    return this.peers.filter((peer) => peer.isPersistent && !peer.isUnconditional);
  }

  /** Evicts the lowest ranked peers that exceed a limit. */
  #shrink(nowMs: number): void {
    const { maxConnected, maxInbound, maxOutbound } = this.limits;
    const directed = (direction: Direction): RefPeer[] =>
      this.up().filter(({ ready }) => ready === direction);
    const first = (accepts: (peer: RefPeer) => boolean): RefPeer | undefined =>
      this.mayGo(nowMs).find(accepts);
    const evictWhile = (isOver: () => boolean, accepts: (peer: RefPeer) => boolean): void => {
      for (let peer = first(accepts); peer && isOver(); peer = first(accepts)) this.#evict(peer);
    };
    evictWhile(() => this.hasStrangersTooMany(), isStranger);
    evictWhile(
      () => directed('inbound').length > maxInbound,
      ({ ready }) => ready === 'inbound',
    );
    evictWhile(
      () => directed('outbound').length > maxOutbound,
      ({ ready }) => ready === 'outbound',
    );
    evictWhile(
      () => this.up().length + this.persistentWithout(isConnected) > maxConnected,
      () => true,
    );
  }

  /** If there are too many bans, the one that would end first is lifted. */
  #ban(digit: string, untilMs: number): void {
    const bans = this.bannedUntilMs;
    bans.set(digit, Math.max(bans.get(digit) ?? 0, untilMs));
    if (bans.size <= this.limits.maxPeers) return;
    const [first] = [...bans].sort(([, a], [, b]) => a - b);
    if (first !== undefined) bans.delete(first[0]);
  }

  #isBanned(digit: string, nowMs: number): boolean {
    const untilMs = this.bannedUntilMs.get(digit);
    if (untilMs === undefined || untilMs > nowMs) return untilMs !== undefined;
    // An ended ban takes no place.
    this.bannedUntilMs.delete(digit);
    this.banEndedMs.set(digit, untilMs);
    return false;
  }

  #meet(digit: string): RefPeer {
    const known = this.find(digit);
    this.banEndedMs.delete(digit);
    if (known !== undefined) return known;
    this.#order += 1;
    return {
      digit,
      order: this.#order,
      isPersistent: false,
      isChosen: false,
      isUnconditional: digit === this.options.unconditional,
      rank: this.options.rankOf(digit),
      addresses: [],
      dialing: undefined,
      outHost: undefined,
      links: [],
      ready: undefined,
      isLeaving: false,
      isRemoved: false,
      isVisitor: false,
      wasReached: false,
      toldBy: undefined,
      replaces: undefined,
      reports: [],
      coolUntilMs: 0,
      upSinceMs: undefined,
      briefVisits: 0,
    };
  }

  #claim(peer: RefPeer, direction: Direction, nowMs: number): Refusal | undefined {
    if (this.#isBanned(peer.digit, nowMs)) return 'RXMESH_PEER_BANNED';
    if (peer.isLeaving || peer.isRemoved) return 'RXMESH_PEER_EVICTED';
    if (peer.ready !== undefined || peer.links.includes(direction)) {
      return 'RXMESH_DUPLICATE_CONNECTION';
    }
    if (peer.isVisitor) return 'RXMESH_PEERS_FULL';
    if (!this.#takeSlot(peer, direction, nowMs)) {
      const isNewcomer = direction === 'inbound' && !peer.isPersistent && !isBusy(peer);
      const hasPlace = this.visitors().length < this.options.maxVisitors;
      if (!isNewcomer || !hasPlace) return 'RXMESH_PEERS_FULL';
      peer.isVisitor = true;
    }
    peer.links.push(direction);
    return undefined;
  }

  #takeSlot(peer: RefPeer, direction: Direction, nowMs: number): boolean {
    const short = this.shortOfClaim(peer, direction);
    if (isConnected(peer)) return !short[direction];
    if (isShort(short) && !this.mayClaimBeyond(direction)) return false;
    const isDialed = direction === 'outbound' || peer.dialing !== undefined;
    // Who was dialed beyond `wanted` replaces another, although a slot is free.
    if (!isShort(short) && isStranger(peer) && isDialed) return true;
    peer.replaces = undefined;
    if (!isShort(short)) return true;
    peer.replaces = this.placeFor(peer, short, nowMs);
    return peer.replaces !== undefined;
  }

  #evict(peer: RefPeer): void {
    if (!isConnected(peer) || peer.isLeaving) return;
    peer.isLeaving = true;
    if (peer.ready !== undefined) this.evictions.push(peer.digit);
  }

  #failed(peer: RefPeer, host: string, nowMs: number): void {
    const address = peer.addresses.find((one) => one.host === host);
    if (address === undefined) return;
    const { retryMinMs, retryMaxMs, retryMaxPersistentMs } = this.limits;
    const mostMs = peer.isPersistent ? retryMaxPersistentMs : retryMaxMs;
    address.failures += 1;
    address.backOffs += 1;
    address.blames = [...address.blames, { value: 1, atMs: nowMs }];
    address.retryAtMs = nowMs + Math.min(mostMs, retryMinMs * 2 ** (address.backOffs - 1));
  }

  #forgetUnneeded(peer: RefPeer, nowMs: number): void {
    if (peer.isRemoved && !isBusy(peer)) this.#forget(peer);
    this.#forgetExcess(nowMs);
  }

  #forget(peer: RefPeer): void {
    if (!this.peers.includes(peer)) return;
    this.peers = this.peers.filter((one) => one !== peer);
    this.forgotten.push(peer.digit);
  }

  #forgetExcess(nowMs: number): void {
    const { maxPeers } = this.limits;
    const known = (): number => this.peers.length - this.visitors().length;
    while (known() > Math.max(maxPeers, this.connected().length)) {
      const [first] = this.useless(nowMs);
      if (first === undefined) return;
      this.#forget(first);
    }
  }
}

function newAddress(host: string, origin: RefAddress['origin']): RefAddress {
  return { host, origin, failures: 0, backOffs: 0, retryAtMs: 0, blames: [] };
}
