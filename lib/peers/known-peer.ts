import type { NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import {
  AddressBook,
  type AddressOrigin,
  type DialEnd,
  type KnownAddress,
} from './address-book.ts';
import type { PeerLimits } from './limits.ts';
import { noAmount, type Amount, type Standing } from './scores.ts';

/**
 * The kind of a peer, which decides the slots it may take. `chosen`: the application has named one
 * of its addresses. `stranger`: it connected by itself, or another peer advertised it.
 */
export type PeerKind = 'unconditional' | 'persistent' | 'chosen' | 'stranger';

/** Everything known about one peer. `PeerTable` changes it, and then notifies `Roster`. */
export class KnownPeer {
  readonly id: NodeId;
  /**
   * A random number in [0, 1). Orders peers that are otherwise equal, so that nodes with the same
   * list of addresses do not all dial the same ones.
   */
  readonly chance: number;
  /** Breaks ties of `chance`. */
  readonly order: number;

  isPersistent = false;
  isChosen = false;
  isUnconditional = false;
  isPrivate = false;

  readonly addresses: AddressBook = new AddressBook();
  isDialing = false;
  /** The address that is being dialed, or at which the outbound link was dialed. */
  dialed: KnownAddress | undefined;
  /**
   * The host that brought it: of the peer that told about it, or once it has been connected, the
   * one that it came from. `undefined` while it is up, and if the application has named it.
   */
  toldBy: string | undefined;
  /** When it came up last. */
  upSinceMs: number | undefined;
  /** How many times in a row it was up only briefly. */
  briefVisits = 0;
  /** When it last went down. */
  lastSeenMs: number | undefined;
  /** Whether it was ever dialed with success. */
  wasReached = false;
  /** How its last dial ended. */
  lastDial: DialEnd | undefined;

  readonly links: Set<Direction> = new Set<Direction>();
  /** The remote IP address of each link that has one. */
  readonly ips: Map<Direction, string> = new Map<Direction, string>();
  /** The direction of the link that is ready. */
  ready: Direction | undefined;
  /** Whether it was let in without a slot, to ask for addresses and leave. */
  isVisitor = false;
  /** Whether the application has removed it: it is forgotten once it is no longer busy. */
  isRemoved = false;
  /** Why the peer is being evicted. */
  eviction: RxmeshError | undefined;
  /** The peer that this one will replace, and the one that will replace it. */
  replaces: KnownPeer | undefined;
  replacedBy: KnownPeer | undefined;

  /** The end of the cool-down after a disconnect. */
  coolUntilMs = 0;
  incompatibleUntilMs = 0;
  bannedUntilMs = 0;

  /** When the dial queue considers it again. */
  wakeMs: number = Infinity;

  /** The decaying sum of the reports on it. */
  behaviour: Amount = noAmount;
  /** The result of the application's `rank`. */
  rank = 0;
  /** Behaviour and failed dials combined, for comparison with other peers. */
  standing: Standing = { sign: 0, size: 0 };

  constructor(id: NodeId, chance: number, order: number) {
    this.id = id;
    this.chance = chance;
    this.order = order;
  }

  /** Learns an address; false if it is known already or there is no room. */
  learn(address: NodeAddress, origin: AddressOrigin): boolean {
    // What the application says of a persistent peer has no bound.
    const isBounded = !this.isPersistent || origin !== 'named';
    const isNew = this.addresses.learn(address, origin, isBounded, this.dialed);
    if (isNew) this.#refreshDialed();
    return isNew;
  }

  /** Makes it persistent, and shortens the waits that are longer than those of persistent peers. */
  makePersistent({ retryMaxPersistentMs }: PeerLimits, nowMs: number): void {
    this.isPersistent = true;
    this.isChosen = true;
    this.toldBy = undefined;
    const latestMs = nowMs + retryMaxPersistentMs;
    this.incompatibleUntilMs = 0;
    this.coolUntilMs = Math.min(this.coolUntilMs, latestMs);
    for (const known of this.addresses) known.retryAtMs = Math.min(known.retryAtMs, latestMs);
  }

  /** Learns the addresses that the peer itself has announced. */
  announced(addresses: readonly NodeAddress[]): void {
    this.addresses.announced(addresses, this.dialed);
    this.#refreshDialed();
  }

  /** The address of the dial may have been removed and learned again meanwhile. */
  #refreshDialed(): void {
    if (this.dialed === undefined) return;
    this.dialed = this.addresses.get(this.dialed.address) ?? this.dialed;
  }

  get kind(): PeerKind {
    if (this.isUnconditional) return 'unconditional';
    if (this.isPersistent) return 'persistent';
    return this.isChosen ? 'chosen' : 'stranger';
  }

  get isConnected(): boolean {
    return this.links.size > 0;
  }

  /** Connected or being dialed, and so neither dialed nor forgotten. */
  get isBusy(): boolean {
    return this.isConnected || this.isDialing;
  }

  /** Up, and not being evicted. */
  get stays(): boolean {
    return this.ready !== undefined && this.eviction === undefined;
  }

  /** When it was last up: now, if it is up; `undefined` if it never was. */
  seenMs(nowMs: number): number | undefined {
    return this.ready === undefined ? this.lastSeenMs : nowMs;
  }

  /** When its waits end and it may be dialed; `Infinity`: not until something changes. */
  get dueMs(): number {
    const restMs = Math.max(this.coolUntilMs, this.incompatibleUntilMs, this.bannedUntilMs);
    return Math.max(restMs, this.addresses.dueMs());
  }
}
