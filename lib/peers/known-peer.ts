import { formatNodeAddress, type NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { Severity } from '../model/peer-report.ts';

/** The score of a persistent peer. All others are lower, and no score is below its negative. */
export const scoreMax = 32_767;

/** What a report takes from a peer's score. */
const scoreCost: Readonly<Record<Severity, number>> = {
  note: 1,
  penalize: 10,
  disconnect: 10,
  ban: 100,
};

/** Addresses kept of one peer, at most; those that come from the options are not counted out. */
export const addressesPerPeerMax = 16;

/** An address, and what came of dialing it. */
export interface KnownAddress {
  readonly address: NodeAddress;
  /**
   * The address without the peer's id: two ids at one place cannot both be right. `undefined`
   * where the id alone is the place, as in a memory network.
   */
  readonly place: string | undefined;
  /** Dials that failed since the last time a connection to it was ready. */
  failures: number;
  /** Of these, those since the back-off has begun anew. */
  backOffs: number;
  /** It is not dialed sooner. */
  retryAtMs: number;
}

/** All that is known of one peer. `PeerTable` changes it. */
export class KnownPeer {
  readonly id: NodeId;
  /**
   * In [0, 1); orders peers of the same score, so that nodes with the same list of addresses do not
   * all dial the same ones.
   */
  readonly rank: number;
  isPersistent = false;
  readonly addresses: Map<string, KnownAddress> = new Map<string, KnownAddress>();
  isDialing = false;
  /** The address that is being dialed, or that the outbound link was dialed at. */
  dialed: KnownAddress | undefined;
  readonly links: Set<Direction> = new Set<Direction>();
  /** The IP address at the other end of each link, where it has one. */
  readonly ips: Map<Direction, string> = new Map<Direction, string>();
  /** Which of the links is ready. */
  ready: Direction | undefined;
  /** Why the peer has to go, and whether that was handed out. */
  eviction: { readonly error: RxmeshError; isTold: boolean } | undefined;
  /** End of the cool-down after a disconnect. */
  coolUntilMs = 0;
  incompatibleUntilMs = 0;
  #behaviour = 0;

  constructor(id: NodeId, rank: number) {
    this.id = id;
    this.rank = rank;
  }

  get isConnected(): boolean {
    return this.links.size > 0;
  }

  /** Persistent peers highest; else the sum of reports less the failures of its addresses. */
  get score(): number {
    if (this.isPersistent) return scoreMax;
    let score = this.#behaviour;
    for (const { failures } of this.addresses.values()) score -= failures;
    return Math.max(score, -scoreMax);
  }

  report(severity: Severity): void {
    this.#behaviour = Math.max(this.#behaviour - scoreCost[severity], -scoreMax);
  }

  /**
   * Ends the cool-down, and the back-off of each address. One that is not to be dialed again stays
   * so.
   */
  endWaits(): void {
    this.coolUntilMs = 0;
    for (const known of this.addresses.values()) {
      if (known.retryAtMs < Infinity) makeDue(known);
    }
  }

  /**
   * Adds an address; false when it is known: that one waits no longer. A peer that already has
   * `addressesPerPeerMax` of them loses the one that has failed most for it, or takes none if all
   * is well with them.
   */
  learn(address: NodeAddress): boolean {
    const text = formatNodeAddress(address);
    const known = this.addresses.get(text);
    if (known !== undefined) {
      this.coolUntilMs = 0;
      this.incompatibleUntilMs = 0;
      makeDue(known);
      return false;
    }
    if (this.addresses.size >= addressesPerPeerMax && !this.isPersistent) {
      const worst = this.#worstAddress();
      if (worst === undefined) return false;
      this.addresses.delete(worst);
    }
    const { protocol, host, port, path } = address;
    const place = host === undefined ? undefined : JSON.stringify([protocol, host, port, path]);
    this.addresses.set(text, { address, place, failures: 0, backOffs: 0, retryAtMs: 0 });
    this.incompatibleUntilMs = 0;
    return true;
  }

  /** The text of the address, not in use, that has failed most often. */
  #worstAddress(): string | undefined {
    let worst: string | undefined;
    let most = 0;
    for (const [text, known] of this.addresses) {
      if (known.failures > most && known !== this.dialed) {
        worst = text;
        most = known.failures;
      }
    }
    return worst;
  }
}

/**
 * The back-off begins anew, too: a network that is back may need some more seconds, and the dial
 * that comes too early must not be followed by the long wait that comes after many failures.
 */
function makeDue(known: KnownAddress): void {
  known.backOffs = 0;
  known.retryAtMs = 0;
}

/** Orders peers: the highest score first; among equals the rank decides. For `sort`. */
export function byRank(a: KnownPeer, b: KnownPeer): number {
  return b.score - a.score || a.rank - b.rank;
}

/** Orders idle peers: those with an address first, then the best. For `sort`. */
export function byUse(a: KnownPeer, b: KnownPeer): number {
  return Number(a.addresses.size === 0) - Number(b.addresses.size === 0) || byRank(a, b);
}
