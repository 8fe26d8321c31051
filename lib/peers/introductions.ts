import type { NodeAddress } from '../model/address.ts';
import type { NodeId } from '../model/id.ts';
import { normalizeIp } from '../model/ip.ts';
import { makeDue } from './address-book.ts';
import type { BanList } from './ban-list.ts';
import type { ChosenHosts } from './chosen-hosts.ts';
import { hostOfPeer, isInReachOf } from './hearsay.ts';
import type { KnownPeer } from './known-peer.ts';
import type { PeerLimits } from './limits.ts';
import type { Roster } from './roster.ts';
import type { Decay } from './scores.ts';
import { refuseSelf } from './self.ts';
import { restoreInto, type SavedPeer } from './store/saved-peer.ts';

/** Where an address comes from. */
export interface AddressSource {
  readonly isPersistent?: boolean;
  /** Whether the application has named it, rather than another peer. Default true. */
  readonly isChosen?: boolean;
}

/** What introductions are about. */
interface IntroductionParts {
  readonly self: NodeId;
  readonly rules: PeerLimits;
  readonly roster: Roster;
  readonly bans: BanList;
  readonly chosenHosts: ChosenHosts;
  readonly decay: Decay;
}

/**
 * How peers and their addresses become known: from the application, from other peers, from the peer
 * itself, from the store.
 */
export class Introductions {
  readonly #self: NodeId;
  readonly #rules: PeerLimits;
  readonly #roster: Roster;
  readonly #bans: BanList;
  readonly #chosenHosts: ChosenHosts;
  readonly #decay: Decay;

  constructor({ self, rules, roster, bans, chosenHosts, decay }: IntroductionParts) {
    this.#self = self;
    this.#rules = rules;
    this.#roster = roster;
    this.#bans = bans;
    this.#chosenHosts = chosenHosts;
    this.#decay = decay;
  }

  /**
   * Learns an address. If it is known already, it is due now, unless its peer is banned.
   *
   * @returns whether it was added: false if it was known already or there was no room
   * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`
   */
  add(address: NodeAddress, nowMs: number, source: AddressSource = {}): boolean {
    refuseSelf(this.#self, address.id);
    const peer = this.meet(address.id, nowMs);
    peer.isRemoved = false;
    const { isPersistent = false, isChosen = true } = source;
    if (isPersistent && !peer.isPersistent) peer.makePersistent(this.#rules, nowMs);
    const isNamed = isPersistent || isChosen;
    if (isNamed) {
      peer.isChosen = true;
      peer.toldBy = undefined;
      const ip = normalizeIp(address.host ?? '');
      if (ip !== undefined) this.#chosenHosts.add(ip);
    }
    const known = peer.addresses.get(address);
    if (known !== undefined) makeDue(known);
    const isNew = peer.learn(address, isNamed ? 'named' : 'heard');
    if (isNew || known !== undefined) {
      peer.coolUntilMs = 0;
      peer.incompatibleUntilMs = 0;
    }
    this.#roster.remember(peer, nowMs);
    return isNew && this.#roster.get(peer.id) === peer;
  }

  /**
   * Learns an address from a connected peer. Unlike `add`, it does not end a wait, so a peer cannot
   * make this node dial others more often. Nor can it crowd out other peers: `Hearsay` limits how
   * many unproven peers one host may introduce. Of a peer that is known, it replaces only what
   * others have told. An address that the teller itself could not dial is not learned.
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
    const peer = known ?? this.meet(id, nowMs);
    if (known === undefined) {
      peer.toldBy = hostOfPeer(teller);
      if (!this.#roster.hearsay.hasRoom(peer.toldBy)) return false;
    }
    const isNew = peer.learn(address, 'heard');
    this.#roster.remember(peer, nowMs);
    return isNew && this.#roster.get(id) === peer;
  }

  /**
   * Learns the addresses that a peer which is up has announced as its own. They replace those that
   * it announced before; addresses of other peers are ignored.
   */
  announced(id: NodeId, addresses: readonly NodeAddress[], nowMs: number): void {
    const peer = this.#roster.get(id);
    if (peer?.ready === undefined || peer.isRemoved || peer.isVisitor) return;
    peer.announced(addresses.filter((address) => address.id === id));
    this.#roster.revalued(peer, nowMs);
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
    refuseSelf(this.#self, saved.id);
    const wasKnown = this.#roster.get(saved.id) !== undefined;
    const peer = this.meet(saved.id, nowMs);
    if (peer.isRemoved) return false;
    restoreInto(peer, saved, savedAtMs, nowMs, this.#decay);
    this.#roster.remember(peer, nowMs);
    return !wasKnown;
  }

  /** The peer with this ID. An unknown one is created, and known once `Roster` remembers it. */
  meet(id: NodeId, nowMs: number): KnownPeer {
    const peer = this.#roster.meet(id, nowMs);
    peer.bannedUntilMs = this.#bans.until(id);
    return peer;
  }
}
