import type { Direction } from '../../../lib/model/direction.ts';
import type { PeerLimits } from '../../../lib/peers/limits.ts';
import { scoreMax } from '../../../lib/peers/scores.ts';

/**
 * The rules of peers again, as plainly as possible: every question looks at all peers. Nothing is
 * counted, kept in order or remembered from one question to the next.
 */

export interface RefAddress {
  readonly host: string;
  /** Who has named it: the application before the peer itself, and that before others. */
  origin: 'heard' | 'announced' | 'named';
  failures: number;
  backOffs: number;
  retryAtMs: number;
  blames: readonly RefAmount[];
}

/** A contribution to a score, and its time. */
export interface RefAmount {
  readonly value: number;
  readonly atMs: number;
}

export interface RefPeer {
  readonly digit: string;
  readonly order: number;
  isPersistent: boolean;
  isChosen: boolean;
  readonly isUnconditional: boolean;
  readonly rank: number;
  addresses: RefAddress[];
  /** The host being dialed. */
  dialing: string | undefined;
  /** The host at which the outbound link was dialed. */
  outHost: string | undefined;
  links: Direction[];
  ready: Direction | undefined;
  isLeaving: boolean;
  isRemoved: boolean;
  /** Whether it is here without a slot. */
  isVisitor: boolean;
  /** Whether it was ever dialed with success. */
  wasReached: boolean;
  /** The peer that has told its address, as long as it has never been up or chosen. */
  toldBy: string | undefined;
  /** The peer that it is to replace. */
  replaces: RefPeer | undefined;
  reports: readonly RefAmount[];
  coolUntilMs: number;
  upSinceMs: number | undefined;
  briefVisits: number;
}

/** The model's settings other than limits. */
export interface RefOptions {
  readonly limits: PeerLimits;
  readonly maxVisitors: number;
  readonly unconditional: string;
  readonly rankOf: (digit: string) => number;
}

export type Refusal =
  | 'RXMESH_PEER_EVICTED'
  | 'RXMESH_DUPLICATE_CONNECTION'
  | 'RXMESH_PEERS_FULL'
  | 'RXMESH_PEER_BANNED'
  | 'RXMESH_OPTIONS_INVALID';

interface Short {
  readonly total: boolean;
  readonly inbound: boolean;
  readonly outbound: boolean;
  readonly strangers: boolean;
}

/** The known peers, and what follows from them. Questions only: `RefTable` changes the state. */
export class RefWorld {
  limits: PeerLimits;
  readonly options: RefOptions;
  peers: RefPeer[] = [];
  readonly bannedUntilMs = new Map<string, number>();
  /** When a ban ended. The peer has been waiting to be dialed since then, until it is next seen. */
  readonly banEndedMs = new Map<string, number>();

  constructor(options: RefOptions) {
    this.options = options;
    this.limits = options.limits;
  }

  find(digit: string): RefPeer | undefined {
    return this.peers.find((peer) => peer.digit === digit);
  }

  private valueAt(amounts: readonly RefAmount[], nowMs: number): number {
    const { scoreHalfLifeMs: half } = this.limits;
    return amounts.reduce((sum, { value, atMs }) => {
      return sum + (half === 0 ? value : value * 0.5 ** ((nowMs - atMs) / half));
    }, 0);
  }

  behaviour(peer: RefPeer, nowMs: number): number {
    return this.valueAt(peer.reports, nowMs);
  }

  worth(peer: RefPeer, nowMs: number): number {
    const blames = peer.addresses.flatMap((address) => address.blames);
    return this.behaviour(peer, nowMs) - this.valueAt(blames, nowMs);
  }

  score(peer: RefPeer, nowMs: number): number {
    return peer.isPersistent ? scoreMax : Math.round(this.worth(peer, nowMs)) + 0;
  }

  /** Negative if `a` is better, by its worth. */
  private byWorth(a: RefPeer, b: RefPeer, nowMs: number): number {
    if (a.isPersistent || b.isPersistent) return Number(b.isPersistent) - Number(a.isPersistent);
    if (a.rank !== b.rank) return b.rank - a.rank;
    const difference = this.worth(b, nowMs) - this.worth(a, nowMs);
    // The same amounts summed in another order differ slightly.
    return Math.abs(difference) < 1e-6 ? 0 : difference;
  }

  byRank(a: RefPeer, b: RefPeer, nowMs: number): number {
    return this.byWorth(a, b, nowMs) || a.order - b.order;
  }

  outranks(a: RefPeer, b: RefPeer, nowMs: number): boolean {
    if (a.isPersistent || b.isPersistent) return a.isPersistent && !b.isPersistent;
    if (a.rank !== b.rank) return a.rank > b.rank;
    return this.score(a, nowMs) > this.score(b, nowMs);
  }

  // Slots

  private counted(): RefPeer[] {
    return this.peers.filter((peer) => !peer.isUnconditional);
  }

  connected(): RefPeer[] {
    return this.counted().filter((peer) => hasSlot(peer) && isConnected(peer));
  }

  linked(direction: Direction): RefPeer[] {
    return this.counted().filter((peer) => hasSlot(peer) && peer.links.includes(direction));
  }

  taken(): RefPeer[] {
    return this.counted().filter((peer) => hasSlot(peer) && isBusy(peer));
  }

  up(): RefPeer[] {
    return this.counted().filter((peer) => hasSlot(peer) && stays(peer));
  }

  persistentWithout(isThere: (peer: RefPeer) => boolean): number {
    return this.counted().filter((peer) => {
      return peer.isPersistent && !(isThere(peer) && hasSlot(peer));
    }).length;
  }

  visitors(): RefPeer[] {
    return this.peers.filter((peer) => !hasSlot(peer));
  }

  strangersMax(): number {
    const chosen = this.counted().filter((peer) => {
      return (
        peer.isPersistent || (peer.isChosen && (isConnected(peer) || peer.addresses.length > 0))
      );
    });
    const persistent = chosen.filter(({ isPersistent }) => isPersistent).length;
    const kept = Math.max(persistent, Math.min(this.limits.reserved, chosen.length));
    return Math.max(0, this.limits.maxConnected - kept);
  }

  hasStrangersTooMany(): boolean {
    return this.up().filter(isStranger).length > this.strangersMax();
  }

  shortOfDial(peer: RefPeer): Short {
    const { maxConnected, maxOutbound, wanted } = this.limits;
    const kept = peer.isPersistent ? 0 : this.persistentWithout(isBusy);
    const outbound = this.counted().filter((one) => {
      return one.dialing !== undefined || one.links.includes('outbound');
    });
    return this.unless(peer, {
      total: this.taken().length + kept >= (isStranger(peer) ? wanted : maxConnected),
      inbound: false,
      outbound: outbound.length + kept >= maxOutbound,
      strangers: isStranger(peer) && this.taken().filter(isStranger).length >= this.strangersMax(),
    });
  }

  shortOfClaim(peer: RefPeer, direction: Direction): Short {
    const { maxConnected, maxInbound, maxOutbound } = this.limits;
    const kept = peer.isPersistent ? 0 : this.persistentWithout(isConnected);
    return this.unless(peer, {
      total: this.connected().length + kept >= maxConnected,
      inbound: direction === 'inbound' && this.linked('inbound').length >= maxInbound,
      outbound: direction === 'outbound' && this.linked('outbound').length >= maxOutbound,
      strangers:
        isStranger(peer) && this.connected().filter(isStranger).length >= this.strangersMax(),
    });
  }

  shortOfUp(peer: RefPeer): Short {
    const { maxConnected, maxInbound, maxOutbound } = this.limits;
    const up = this.up();
    return this.unless(peer, {
      total: up.length + this.persistentWithout(isConnected) > maxConnected,
      inbound: up.filter(({ ready }) => ready === 'inbound').length > maxInbound,
      outbound: up.filter(({ ready }) => ready === 'outbound').length > maxOutbound,
      strangers: isStranger(peer) && this.hasStrangersTooMany(),
    });
  }

  private unless(peer: RefPeer, short: Short): Short {
    if (!peer.isUnconditional) return short;
    return { total: false, inbound: false, outbound: false, strangers: false };
  }

  /** Whether more peers stay, or are being dialed, than are wanted. */
  isBeyondWanted(): boolean {
    const staying = this.taken().filter(({ isLeaving }) => !isLeaving).length;
    return staying + this.persistentWithout(isBusy) > this.limits.wanted;
  }

  mayDialBeyond(): boolean {
    const { maxConnected, maxOutbound, maxUpgrading } = this.limits;
    const outbound = this.counted().filter((one) => {
      return one.dialing !== undefined || one.links.includes('outbound');
    });
    const claimed = this.peers.filter(({ replaces }) => replaces !== undefined).length;
    return (
      claimed + this.connected().filter(({ isLeaving }) => isLeaving).length < maxUpgrading &&
      this.taken().length < maxConnected + maxUpgrading &&
      outbound.length < maxOutbound + maxUpgrading
    );
  }

  mayClaimBeyond(direction: Direction): boolean {
    const { maxConnected, maxInbound, maxOutbound, maxUpgrading } = this.limits;
    const most = direction === 'inbound' ? maxInbound : maxOutbound;
    return (
      this.connected().length < maxConnected + maxUpgrading &&
      this.linked(direction).length < most + maxUpgrading
    );
  }

  /** The peers that may be replaced by another one, lowest-ranked first. */
  mayGo(nowMs: number): RefPeer[] {
    const claimed = new Set(this.peers.map(({ replaces }) => replaces));
    return this.up()
      .filter((peer) => !peer.isPersistent && !claimed.has(peer))
      .sort((a, b) => this.byRank(b, a, nowMs));
  }

  placeFor(peer: RefPeer, short: Short, nowMs: number): RefPeer | undefined {
    const helpful = this.mayGo(nowMs).filter(({ ready }) => {
      return !(short.inbound && ready !== 'inbound') && !(short.outbound && ready !== 'outbound');
    });
    if (!isStranger(peer) && this.hasStrangersTooMany()) {
      const stranger = helpful.find(isStranger);
      if (stranger !== undefined) return stranger;
    }
    const lowest = short.strangers ? helpful.find(isStranger) : helpful[0];
    return lowest !== undefined && this.outranks(peer, lowest, nowMs) ? lowest : undefined;
  }

  // Dials

  restsUntil(peer: RefPeer): number {
    const { digit, coolUntilMs } = peer;
    const banMs = this.bannedUntilMs.get(digit) ?? this.banEndedMs.get(digit) ?? 0;
    return Math.max(coolUntilMs, banMs);
  }

  dueMs(peer: RefPeer): number {
    const first = Math.min(Infinity, ...peer.addresses.map(({ retryAtMs }) => retryAtMs));
    return Math.max(this.restsUntil(peer), first);
  }

  /** The address at which a peer would be dialed now. */
  addressFor(peer: RefPeer, nowMs: number): RefAddress | undefined {
    if (isBusy(peer) || this.restsUntil(peer) > nowMs) return undefined;
    const inUse = new Set(this.peers.flatMap(({ dialing, outHost }) => [dialing, outHost]));
    let best: RefAddress | undefined;
    const cost = ({ origin, failures }: RefAddress): number =>
      failures + (origin === 'heard' ? 1e9 : 0);
    for (const address of peer.addresses) {
      if (address.retryAtMs > nowMs || inUse.has(address.host)) continue;
      if (best === undefined || cost(address) < cost(best)) best = address;
    }
    return best;
  }

  hasRoomForDials(): boolean {
    const { maxConnected, maxOutbound, maxDialing } = this.limits;
    if (this.peers.filter(({ dialing }) => dialing !== undefined).length >= maxDialing)
      return false;
    const outbound = this.counted().filter((one) => {
      return one.dialing !== undefined || one.links.includes('outbound');
    });
    const isFree = this.taken().length < maxConnected && outbound.length < maxOutbound;
    return isFree || this.mayDialBeyond() || this.peers.some((peer) => peer.isUnconditional);
  }

  choice(
    nowMs: number,
  ): { peer: RefPeer; host: string; replaces: RefPeer | undefined } | undefined {
    if (!this.hasRoomForDials()) return undefined;
    const ready = this.peers
      .filter((peer) => this.addressFor(peer, nowMs) !== undefined)
      .sort((a, b) => {
        const { isPersistent } = a;
        const areEqual = isPersistent === b.isPersistent && (isPersistent || a.rank === b.rank);
        const proved =
          Number(b.isChosen) - Number(a.isChosen) || Number(b.wasReached) - Number(a.wasReached);
        return (
          (areEqual ? proved : 0) ||
          this.byWorth(a, b, nowMs) ||
          this.dueMs(a) - this.dueMs(b) ||
          a.order - b.order
        );
      });
    const chosen = (peer: RefPeer, replaces: RefPeer | undefined) => {
      return { peer, host: this.addressFor(peer, nowMs)?.host ?? '', replaces };
    };
    for (const peer of ready) {
      if (!isShort(this.shortOfDial(peer))) return chosen(peer, undefined);
    }
    if (!this.mayDialBeyond()) return undefined;
    for (const peer of ready) {
      const replaces = this.placeFor(peer, this.shortOfDial(peer), nowMs);
      if (replaces !== undefined) return chosen(peer, replaces);
    }
    return undefined;
  }

  /** When the next peer becomes eligible for a dial. */
  nextDueMs(nowMs: number): number {
    const times = this.peers.filter((peer) => !isBusy(peer)).map((peer) => this.dueMs(peer));
    return Math.min(Infinity, ...times.filter((ms) => ms > nowMs));
  }

  /** The peers that are of no use, starting with the first to forget. */
  useless(nowMs: number): RefPeer[] {
    return this.peers
      .filter((peer) => !peer.isPersistent && !isBusy(peer))
      .sort((a, b) => {
        return (
          Number(a.addresses.length > 0) - Number(b.addresses.length > 0) ||
          Number(a.isChosen) - Number(b.isChosen) ||
          Number(a.wasReached) - Number(b.wasReached) ||
          Number(a.upSinceMs !== undefined) - Number(b.upSinceMs !== undefined) ||
          this.byRank(b, a, nowMs)
        );
      });
  }
}

export const isConnected = (peer: RefPeer): boolean => peer.links.length > 0;
const hasSlot = (peer: RefPeer): boolean => !peer.isVisitor;
export const isBusy = (peer: RefPeer): boolean => isConnected(peer) || peer.dialing !== undefined;
const stays = (peer: RefPeer): boolean => peer.ready !== undefined && !peer.isLeaving;
export const isStranger = (peer: RefPeer): boolean =>
  !peer.isUnconditional && !peer.isPersistent && !peer.isChosen;
export const isShort = (short: Short): boolean =>
  short.total || short.inbound || short.outbound || short.strangers;
