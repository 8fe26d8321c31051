import type { Direction } from '../model/direction.ts';
import { RxmeshError, type ErrorCode } from '../model/error.ts';
import type { Evictions } from './evictions.ts';
import type { KnownPeer } from './known-peer.ts';
import type { Roster } from './roster.ts';
import type { Shortage } from './slots.ts';
import type { Visitors } from './visitors.ts';

const noShortage: Shortage = { total: false, inbound: false, outbound: false, strangers: false };
/** Those of strangers first: they may make the others unnecessary. */
const limits = ['strangers', 'inbound', 'outbound', 'total'] as const;

/** Grants slots to connections, and evicts peers when there are too many. */
export class Admission {
  readonly #roster: Roster;
  readonly #evictions: Evictions;
  readonly #visitors: Visitors;

  constructor(roster: Roster, evictions: Evictions, visitors: Visitors) {
    this.#roster = roster;
    this.#evictions = evictions;
    this.#visitors = visitors;
  }

  /**
   * Grants a slot to a link, or lets it exceed the limits in order to replace a lower-ranked peer,
   * or lets it in as a visitor.
   *
   * @param ip the remote IP address
   * @throws {RxmeshError} `RXMESH_PEER_EVICTED`, `RXMESH_DUPLICATE_CONNECTION`, `RXMESH_PEERS_FULL`
   */
  claim(peer: KnownPeer, direction: Direction, ip: string | undefined, nowMs: number): void {
    const refuse = (code: ErrorCode, message: string): RxmeshError =>
      new RxmeshError(code, message, { peer: peer.id });
    if (peer.eviction !== undefined) {
      throw refuse('RXMESH_PEER_EVICTED', 'the peer is being disconnected');
    }
    if (peer.isRemoved) throw refuse('RXMESH_PEER_EVICTED', 'the application has removed it');
    if (peer.ready !== undefined || peer.links.has(direction)) {
      throw refuse('RXMESH_DUPLICATE_CONNECTION', 'the peer is connected already');
    }
    if (peer.isVisitor || !this.#takeSlot(peer, direction, nowMs)) {
      if (direction === 'inbound' && this.#visitors.enter(peer, ip)) return;
      throw refuse('RXMESH_PEERS_FULL', 'no slot is free for the peer');
    }
  }

  /**
   * Handles a peer that came up. If there are now too many, or it was dialed beyond `wanted`, the
   * lowest ranked one is evicted.
   */
  settle(peer: KnownPeer, nowMs: number): void {
    const { slots, upgrades } = this.#roster;
    let isBeyondWanted = isStrangersUpgrade(peer) && slots.isBeyondWanted;
    upgrades.release(peer);
    if (peer.isVisitor) return;
    for (;;) {
      const short = slots.shortOfUp(peer.kind) ?? (isBeyondWanted ? noShortage : undefined);
      if (short === undefined) return;
      isBeyondWanted = false;
      const other = upgrades.placeFor(peer, short, nowMs) ?? peer;
      const text = 'a peer that ranks higher took its slot';
      const error = new RxmeshError('RXMESH_PEER_REPLACED', text, { peer: other.id });
      this.#evictions.evict(other, error);
      if (other === peer) return;
    }
  }

  /** Evicts the lowest ranked peers until no limit is exceeded: a limit was lowered. */
  shrink(): void {
    const { slots, upgrades } = this.#roster;
    for (const limit of limits) {
      while (slots.shortOfUp('stranger')?.[limit] === true) {
        const peer = upgrades.lowest({ ...noShortage, [limit]: true }, limit === 'strangers');
        if (peer === undefined) break;
        const text = 'the node has fewer slots than before';
        this.#evictions.evict(
          peer,
          new RxmeshError('RXMESH_PEER_EVICTED', text, { peer: peer.id }),
        );
      }
    }
  }

  #takeSlot(peer: KnownPeer, direction: Direction, nowMs: number): boolean {
    const { slots, upgrades } = this.#roster;
    if (peer.isConnected) return slots.mayHaveSecondLink(peer.kind, direction);
    const short = slots.shortOfClaim(peer.kind, direction);
    if (short !== undefined && !slots.mayClaimBeyond(direction)) return false;
    if (short === undefined && isStrangersUpgrade(peer)) return true;
    // The dial may have claimed a place; by now a slot may be free, or a worse peer connected.
    upgrades.release(peer);
    if (short === undefined) return true;
    const other = upgrades.placeFor(peer, short, nowMs);
    if (other !== undefined) upgrades.claim(peer, other);
    return other !== undefined;
  }
}

/** Whether a stranger was dialed to replace another peer, whose place it has claimed. */
function isStrangersUpgrade({ kind, replaces, dialed }: KnownPeer): boolean {
  return kind === 'stranger' && replaces !== undefined && dialed !== undefined;
}
