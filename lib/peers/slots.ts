import type { Direction } from '../model/direction.ts';
import type { KnownPeer, PeerKind } from './known-peer.ts';
import type { PeerLimits } from './options.ts';

/** What is missing for one more peer. */
export interface Shortage {
  /** Of slots at all, of which some are kept for persistent peers. */
  readonly total: boolean;
  readonly inbound: boolean;
  readonly outbound: boolean;
  /** Of slots that strangers may take. */
  readonly strangers: boolean;
}

/**
 * What peers are counted as. `away`: not connected; `idle`: not being dialed either; `taken`:
 * connected or being dialed; `up`: up, and not on their way out.
 */
type CountName =
  | 'dialing'
  | 'unconditional'
  | 'connected'
  | 'inbound'
  | 'outbound'
  | 'strangers'
  | 'taken'
  | 'outboundTaken'
  | 'strangersTaken'
  | 'up'
  | 'upInbound'
  | 'upOutbound'
  | 'upStrangers'
  | 'persistent'
  | 'persistentAway'
  | 'persistentIdle'
  | 'chosen';

/**
 * How many peers take a slot, of which kind, and how many slots are kept for others. Each peer is
 * counted anew when it has changed, so that a question costs the same whatever the number of peers.
 *
 * Unconditional peers take no slots.
 */
export class Slots {
  readonly #limits: PeerLimits;
  readonly #counts = new Map<CountName, number>();
  readonly #counted = new Map<KnownPeer, readonly CountName[]>();

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  /** Counts a peer as what it is now. */
  update(peer: KnownPeer): void {
    for (const name of this.#counted.get(peer) ?? []) this.#add(name, -1);
    const names = namesFor(peer);
    for (const name of names) this.#add(name, 1);
    if (names.length > 0) this.#counted.set(peer, names);
    else this.#counted.delete(peer);
  }

  /** Does not count a peer any more. */
  remove(peer: KnownPeer): void {
    for (const name of this.#counted.get(peer) ?? []) this.#add(name, -1);
    this.#counted.delete(peer);
  }

  get connected(): number {
    return this.#count('connected');
  }

  get dialing(): number {
    return this.#count('dialing');
  }

  get hasUnconditional(): boolean {
    return this.#count('unconditional') > 0;
  }

  /** Whether strangers have more slots than they may: peers were chosen since. */
  get hasStrangersTooMany(): boolean {
    return this.#count('upStrangers') > this.#strangersMax();
  }

  /** What is missing for the dial of one more peer; undefined: nothing. */
  shortOfDial(kind: PeerKind): Shortage | undefined {
    if (kind === 'unconditional') return undefined;
    const { maxConnected, maxOutbound } = this.#limits;
    const kept = kind === 'persistent' ? 0 : this.#count('persistentIdle');
    return shortage({
      total: this.#count('taken') + kept >= maxConnected,
      inbound: false,
      outbound: this.#count('outboundTaken') + kept >= maxOutbound,
      strangers: kind === 'stranger' && this.#count('strangersTaken') >= this.#strangersMax(),
    });
  }

  /** What is missing for a link of a peer that has none; undefined: nothing. */
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

  /** Whether a peer that is connected may have a link of the other direction, too. */
  mayHaveSecondLink(kind: PeerKind, direction: Direction): boolean {
    const { maxInbound, maxOutbound } = this.#limits;
    const most = direction === 'inbound' ? maxInbound : maxOutbound;
    return kind === 'unconditional' || this.#count(direction) < most;
  }

  /** What those that are up have too many of. */
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

  /** Whether one more peer may be dialed that is to take the place of another. */
  mayDialBeyond(): boolean {
    const { maxConnected, maxOutbound, maxUpgrading } = this.#limits;
    return (
      this.#count('taken') < maxConnected + maxUpgrading &&
      this.#count('outboundTaken') < maxOutbound + maxUpgrading
    );
  }

  /** Whether one more peer may be connected that is to take the place of another. */
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
  const { kind, isConnected, isDialing, isBusy, links, stays, ready, addresses } = peer;
  const names: CountName[] = [];
  const count = (name: CountName, isCounted: boolean): void => {
    if (isCounted) names.push(name);
  };
  count('dialing', isDialing);
  count('unconditional', kind === 'unconditional');
  if (kind === 'unconditional') return names;
  const isStranger = kind === 'stranger';
  const isPersistent = kind === 'persistent';
  count('connected', isConnected);
  count('inbound', links.has('inbound'));
  count('outbound', links.has('outbound'));
  count('strangers', isStranger && isConnected);
  count('taken', isBusy);
  count('outboundTaken', isDialing || links.has('outbound'));
  count('strangersTaken', isStranger && isBusy);
  count('up', stays);
  count('upInbound', stays && ready === 'inbound');
  count('upOutbound', stays && ready === 'outbound');
  count('upStrangers', stays && isStranger);
  count('persistent', isPersistent);
  count('persistentAway', isPersistent && !isConnected);
  count('persistentIdle', isPersistent && !isBusy);
  // One that nobody could dial is not waited for.
  count('chosen', kind === 'chosen' && (isConnected || addresses.size > 0));
  return names;
}
