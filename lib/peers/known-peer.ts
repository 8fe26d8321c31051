import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import { AddressBook, type DialEnd, type KnownAddress } from './address-book.ts';
import { noAmount, type Amount, type Standing } from './scores.ts';

/**
 * What a peer is to this node, and so whose slots it may take. `chosen`: the application has named
 * an address of it. `stranger`: it has come by itself.
 */
export type PeerKind = 'unconditional' | 'persistent' | 'chosen' | 'stranger';

/** All that is known of one peer. `PeerTable` changes it, and then tells the parts that look. */
export class KnownPeer {
  readonly id: NodeId;
  /**
   * In [0, 1); orders peers of the same score, so that nodes with the same list of addresses do not
   * all dial the same ones.
   */
  readonly chance: number;
  /** Orders those that chance does not. */
  readonly order: number;

  isPersistent = false;
  isChosen = false;
  isUnconditional = false;
  isPrivate = false;

  readonly addresses: AddressBook = new AddressBook();
  isDialing = false;
  /** The address that is being dialed, or that the outbound link was dialed at. */
  dialed: KnownAddress | undefined;
  /** How its last dial ended. */
  lastDial: DialEnd | undefined;

  readonly links: Set<Direction> = new Set<Direction>();
  /** The IP address at the other end of each link, where it has one. */
  readonly ips: Map<Direction, string> = new Map<Direction, string>();
  /** Which of the links is ready. */
  ready: Direction | undefined;
  /** Why the peer has to go. */
  eviction: RxmeshError | undefined;
  /** The peer whose place it is to take, and the one that is to take its place. */
  replaces: KnownPeer | undefined;
  replacedBy: KnownPeer | undefined;

  /** End of the cool-down after a disconnect. */
  coolUntilMs = 0;
  incompatibleUntilMs = 0;
  bannedUntilMs = 0;

  /** When the queue of dials looks at it again. */
  wakeMs: number = Infinity;

  /** The sum of the reports on it. */
  behaviour: Amount = noAmount;
  /** What the application's `rank` says of it. */
  rank = 0;
  /** Behaviour and failures together, for comparing it with others. */
  standing: Standing = { sign: 0, size: 0 };

  constructor(id: NodeId, chance: number, order: number) {
    this.id = id;
    this.chance = chance;
    this.order = order;
  }

  get kind(): PeerKind {
    if (this.isUnconditional) return 'unconditional';
    if (this.isPersistent) return 'persistent';
    return this.isChosen ? 'chosen' : 'stranger';
  }

  get isConnected(): boolean {
    return this.links.size > 0;
  }

  /** Connected or being dialed: it is neither to be dialed nor to be forgotten. */
  get isBusy(): boolean {
    return this.isConnected || this.isDialing;
  }

  /** Up, and not on its way out. */
  get stays(): boolean {
    return this.ready !== undefined && this.eviction === undefined;
  }

  /** When it may be dialed, as far as that is up to time; `Infinity`: not until something changes. */
  get dueMs(): number {
    const restMs = Math.max(this.coolUntilMs, this.incompatibleUntilMs, this.bannedUntilMs);
    return Math.max(restMs, this.addresses.dueMs());
  }
}
