import { formatNodeAddress, type NodeAddress } from '../model/address.ts';
import { noAmount, type Amount } from './scores.ts';

/** Addresses kept of one peer, at most; a persistent peer keeps all of its addresses. */
export const addressesPerPeerMax = 16;

/** An address is not forgotten, however old it is, before it has failed that often. */
export const failuresBeforeExpiry = 10;

/** How a dial has ended. */
export interface DialEnd {
  readonly atMs: number;
  readonly isGood: boolean;
}

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
  /** When the first of these failed. */
  failingSinceMs: number;
  /** What these take from the peer's score. */
  blame: Amount;
  /** Of these dials, those since the back-off has begun anew. */
  backOffs: number;
  /** It is not dialed sooner. */
  retryAtMs: number;
}

/** The addresses of one peer, in the order in which they were learned. */
export class AddressBook {
  readonly #known = new Map<string, KnownAddress>();

  get size(): number {
    return this.#known.size;
  }

  [Symbol.iterator](): Iterator<KnownAddress> {
    return this.#known.values();
  }

  get(address: NodeAddress): KnownAddress | undefined {
    return this.#known.get(formatNodeAddress(address));
  }

  /**
   * Adds an address; false when it is known, or there is no room for it. A book that is full loses
   * the address that has failed most for it, or takes none if all is well with them.
   *
   * @param isBounded whether it may be full
   * @param inUse the one that must stay
   */
  learn(address: NodeAddress, isBounded: boolean, inUse: KnownAddress | undefined): boolean {
    const text = formatNodeAddress(address);
    if (this.#known.has(text)) return false;
    if (isBounded && this.#known.size >= addressesPerPeerMax) {
      const worst = this.#worst(inUse);
      if (worst === undefined) return false;
      this.#known.delete(worst);
    }
    const { protocol, host, port, path } = address;
    const place = host === undefined ? undefined : JSON.stringify([protocol, host, port, path]);
    this.#known.set(text, {
      address,
      place,
      failures: 0,
      failingSinceMs: 0,
      blame: noAmount,
      backOffs: 0,
      retryAtMs: 0,
    });
    return true;
  }

  forget({ address }: KnownAddress): void {
    this.#known.delete(formatNodeAddress(address));
  }

  /**
   * Nobody waits for a back-off any more, but for an address that is not to be dialed again at all.
   */
  endWaits(): void {
    for (const known of this.#known.values()) if (known.retryAtMs < Infinity) makeDue(known);
  }

  /** When the first of them may be dialed: `Infinity` without one. */
  dueMs(): number {
    let dueMs = Infinity;
    for (const { retryAtMs } of this.#known.values()) dueMs = Math.min(dueMs, retryAtMs);
    return dueMs;
  }

  /** The text of the address, not in use, that has failed most often. */
  #worst(inUse: KnownAddress | undefined): string | undefined {
    let worst: string | undefined;
    let most = 0;
    for (const [text, known] of this.#known) {
      if (known.failures > most && known !== inUse) {
        worst = text;
        most = known.failures;
      }
    }
    return worst;
  }
}

/**
 * It may be dialed now. The back-off begins anew, too: a network that is back may need some more
 * seconds, and the dial that comes too early must not be followed by the long wait that comes after
 * many failures.
 */
export function makeDue(known: KnownAddress): void {
  known.backOffs = 0;
  known.retryAtMs = 0;
}

/** A dial of it has failed. */
export function noteFailure(known: KnownAddress, nowMs: number): void {
  if (known.failures === 0) known.failingSinceMs = nowMs;
  known.failures += 1;
  known.backOffs += 1;
}

/** A connection to it was ready: its failures are forgotten. */
export function hasWorked(known: KnownAddress): void {
  makeDue(known);
  known.failures = 0;
  known.blame = noAmount;
}

/** Whether an address has failed for so long, and so often, that it is not worth a place. */
export function isExpired(known: KnownAddress, afterMs: number, nowMs: number): boolean {
  const { failures, failingSinceMs } = known;
  return afterMs > 0 && failures >= failuresBeforeExpiry && nowMs - failingSinceMs >= afterMs;
}
