import type { Direction } from '../model/direction.ts';
import type { KnownPeer, PeerKind } from './known-peer.ts';
import type { PeerLimits } from './limits.ts';

/** Which limits leave no room for another peer. */
export interface Shortage {
  /** No slot is free, or the free ones are kept for persistent peers. */
  readonly total: boolean;
  readonly inbound: boolean;
  readonly outbound: boolean;
  /** No slot is free that strangers may take. */
  readonly strangers: boolean;
}

/**
 * The groups in which peers are counted. `away`: not connected; `idle`: neither connected nor being
 * dialed; `taken`: connected or being dialed; `leaving`: connected, but being evicted; `up`: up,
 * and not being evicted.
 */
type CountName =
  | 'dialing'
  | 'unconditional'
  | 'connected'
  | 'inbound'
  | 'outbound'
  | 'strangers'
  | 'taken'
  | 'leaving'
  | 'outboundTaken'
  | 'strangersTaken'
  | 'up'
  | 'upInbound'
  | 'upOutbound'
  | 'upStrangers'
  | 'persistent'
  | 'persistentAway'
  | 'persistentIdle'
  | 'chosen'
  | 'visitors';

/**
 * Counts the slots that peers take, by kind, and those kept for others. A peer is recounted when it
 * has changed, so the cost of a query does not depend on the number of peers.
 *
 * Unconditional peers and visitors take no slots.
 */
export class Slots {
  readonly #limits: PeerLimits;
  readonly #counts = new Map<CountName, number>();
  readonly #counted = new Map<KnownPeer, readonly CountName[]>();

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  /** Recounts a peer that has changed. */
  update(peer: KnownPeer): void {
    for (const name of this.#counted.get(peer) ?? []) this.#add(name, -1);
    const names = namesFor(peer);
    for (const name of names) this.#add(name, 1);
    if (names.length > 0) this.#counted.set(peer, names);
    else this.#counted.delete(peer);
  }

  /** Stops counting a peer that was forgotten. */
  remove(peer: KnownPeer): void {
    for (const name of this.#counted.get(peer) ?? []) this.#add(name, -1);
    this.#counted.delete(peer);
  }

  get connected(): number {
    return this.#count('connected');
  }

  get persistent(): number {
    return this.#count('persistent');
  }

  get visitors(): number {
    return this.#count('visitors');
  }

  get dialing(): number {
    return this.#count('dialing');
  }

  get leaving(): number {
    return this.#count('leaving');
  }

  get hasUnconditional(): boolean {
    return this.#count('unconditional') > 0;
  }

  /** Whether strangers hold too many slots, because peers were chosen after they connected. */
  get hasStrangersTooMany(): boolean {
    return this.#count('upStrangers') > this.#strangersMax();
  }

  /** Whether more peers stay, or are being dialed, than this node looks for. */
  get isBeyondWanted(): boolean {
    const stay = this.#count('taken') - this.#count('leaving');
    return stay + this.#count('persistentIdle') > this.#limits.wanted;
  }

  /** The limits that forbid the dial of another peer; undefined if there are none. */
  shortOfDial(kind: PeerKind): Shortage | undefined {
    if (kind === 'unconditional') return undefined;
    const { maxConnected, maxOutbound, wanted } = this.#limits;
    const kept = kind === 'persistent' ? 0 : this.#count('persistentIdle');
    const most = kind === 'stranger' ? wanted : maxConnected;
    return shortage({
      total: this.#count('taken') + kept >= most,
      inbound: false,
      outbound: this.#count('outboundTaken') + kept >= maxOutbound,
      strangers: kind === 'stranger' && this.#count('strangersTaken') >= this.#strangersMax(),
    });
  }

  /** The limits that forbid the first link of a peer; undefined if there are none. */
  shortOfClaim(kind: PeerKind, direction: Direction): Shortage | undefined {
    if (kind === 'unconditional') return undefined;
    const { maxConnected, maxInbound, maxOutbound } = this.#limits;
    const kept = kind === 'persistent' ? 0 : this.#count('persistentAway');
    return shortage({
      total: this.connected + kept >= maxConnected,
      inbound: direction === 'inbound' && this.#count('inbound') >= maxInbound,
      outbound: direction === 'outbound' && this.#count('outbound') >= maxOutbound,
      strangers: kind === 'stranger' && this.#count('strangers') >= this.#strangersMax(),
    });
  }

  /** Whether a connected peer may also have a link of the given direction. */
  mayHaveSecondLink(kind: PeerKind, direction: Direction): boolean {
    const { maxInbound, maxOutbound } = this.#limits;
    const most = direction === 'inbound' ? maxInbound : maxOutbound;
    return kind === 'unconditional' || this.#count(direction) < most;
  }

  /** The limits that the peers that are up exceed; undefined if there are none. */
  shortOfUp(kind: PeerKind): Shortage | undefined {
    if (kind === 'unconditional') return undefined;
    const { maxConnected, maxInbound, maxOutbound } = this.#limits;
    return shortage({
      total: this.#count('up') + this.#count('persistentAway') > maxConnected,
      inbound: this.#count('upInbound') > maxInbound,
      outbound: this.#count('upOutbound') > maxOutbound,
      strangers: kind === 'stranger' && this.hasStrangersTooMany,
    });
  }

  /** Whether the limits let another peer be dialed in order to replace a connected one. */
  mayDialBeyond(): boolean {
    const { maxConnected, maxOutbound, maxUpgrading } = this.#limits;
    return (
      this.#count('taken') < maxConnected + maxUpgrading &&
      this.#count('outboundTaken') < maxOutbound + maxUpgrading
    );
  }

  /** Whether another peer may be connected in order to replace one. */
  mayClaimBeyond(direction: Direction): boolean {
    const { maxConnected, maxInbound, maxOutbound, maxUpgrading } = this.#limits;
    const most = direction === 'inbound' ? maxInbound : maxOutbound;
    return (
      this.connected < maxConnected + maxUpgrading && this.#count(direction) < most + maxUpgrading
    );
  }

  #strangersMax(): number {
    const { maxConnected, reserved } = this.#limits;
    const persistent = this.#count('persistent');
    const kept = Math.min(reserved, persistent + this.#count('chosen'));
    return Math.max(0, maxConnected - Math.max(kept, persistent));
  }

  #count(name: CountName): number {
    return this.#counts.get(name) ?? 0;
  }

  #add(name: CountName, difference: number): void {
    this.#counts.set(name, this.#count(name) + difference);
  }
}

function shortage(of: Shortage): Shortage | undefined {
  return of.total || of.inbound || of.outbound || of.strangers ? of : undefined;
}

function namesFor(peer: KnownPeer): readonly CountName[] {
  const { kind, isDialing, isVisitor, links, ready, addresses } = peer;
  // A visitor has no slot, so its own, if one is kept for it, is still free.
  const isConnected = peer.isConnected && !isVisitor;
  const isBusy = peer.isBusy && !isVisitor;
  const stays = peer.stays && !isVisitor;
  const names: CountName[] = [];
  const count = (name: CountName, isCounted: boolean): void => {
    if (isCounted) names.push(name);
  };
  count('dialing', isDialing);
  count('visitors', isVisitor);
  count('unconditional', kind === 'unconditional');
  if (kind === 'unconditional') return names;
  const isStranger = kind === 'stranger';
  const isPersistent = kind === 'persistent';
  count('connected', isConnected);
  count('inbound', links.has('inbound') && !isVisitor);
  count('outbound', links.has('outbound'));
  count('strangers', isStranger && isConnected);
  count('taken', isBusy);
  count('leaving', isConnected && peer.eviction !== undefined);
  count('outboundTaken', isDialing || links.has('outbound'));
  count('strangersTaken', isStranger && isBusy);
  count('up', stays);
  count('upInbound', stays && ready === 'inbound');
  count('upOutbound', stays && ready === 'outbound');
  count('upStrangers', stays && isStranger);
  count('persistent', isPersistent);
  count('persistentAway', isPersistent && !isConnected);
  count('persistentIdle', isPersistent && !isBusy);
  // Keep no slot for a peer that is neither connected nor has an address to dial.
  count('chosen', kind === 'chosen' && (peer.isConnected || addresses.size > 0));
  return names;
}
