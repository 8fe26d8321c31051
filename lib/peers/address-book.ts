import { formatNodeAddress, type NodeAddress } from '../model/address.ts';
import { noAmount, type Amount } from './scores.ts';

/** The most addresses kept of one peer. Persistent peers keep all of theirs. */
export const addressesPerPeerMax = 16;

/** An address does not expire before it has failed this often, however long it has been failing. */
export const failuresBeforeExpiry = 10;

/**
 * Who has named an address, from the weakest word to the strongest: another peer (`heard`), the
 * peer itself (`announced`), or the application (`named`). If several have, the strongest counts.
 */
export const addressOrigins = ['heard', 'announced', 'named'] as const;

/** One of `addressOrigins`. */
export type AddressOrigin = (typeof addressOrigins)[number];

/** How a dial ended, and when. */
export interface DialEnd {
  readonly atMs: number;
  readonly isGood: boolean;
}

/** An address, and the results of dialing it. */
export interface KnownAddress {
  readonly address: NodeAddress;
  /**
   * The address without the peer's ID: two IDs at one place cannot both be right. `undefined` if
   * the ID itself is the place, as in a memory network.
   */
  readonly place: string | undefined;
  origin: AddressOrigin;
  /** Dials that have failed since a connection to it was last ready. */
  failures: number;
  /** When the first of these dials failed. */
  failingSinceMs: number;
  /** What these failures subtract from the peer's score. */
  blame: Amount;
  /** How many of these failures came after the last reset of the back-off. */
  backOffs: number;
  /** When it may be dialed again; `Infinity` if it is not retried. */
  retryAtMs: number;
}

/** The addresses of one peer, in the order they were learned. */
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
   * Adds an address; false if it is known already or there is no room. In a full book it replaces
   * one with a weaker origin, or else one of the same origin that has failed.
   *
   * @param isBounded whether `addressesPerPeerMax` applies
   * @param inUse an address that must stay
   */
  learn(
    address: NodeAddress,
    origin: AddressOrigin,
    isBounded: boolean,
    inUse: KnownAddress | undefined,
  ): boolean {
    const known = this.get(address);
    if (known !== undefined) {
      if (isWeaker(known.origin, origin)) known.origin = origin;
      return false;
    }
    if (isBounded && !this.#makeRoom(origin, inUse)) return false;
    this.#put(address, origin);
    return true;
  }

  /**
   * Learns the addresses that the peer itself has announced. They replace those that it announced
   * before.
   *
   * @param inUse an address that must stay
   */
  announced(addresses: readonly NodeAddress[], inUse: KnownAddress | undefined): void {
    const texts = new Set(addresses.map(formatNodeAddress));
    for (const [text, known] of this.#known) {
      const wasAnnounced = known.origin === 'announced';
      if (wasAnnounced && known !== inUse && !texts.has(text)) this.#known.delete(text);
    }
    for (const address of addresses) this.learn(address, 'announced', true, inUse);
  }

  clear(): void {
    this.#known.clear();
  }

  forget({ address }: KnownAddress): void {
    this.#known.delete(formatNodeAddress(address));
  }

  /** Ends all back-offs. An address that is not retried stays that way. */
  endWaits(): void {
    for (const known of this.#known.values()) if (known.retryAtMs < Infinity) makeDue(known);
  }

  /** Dials that have failed since an address last worked, of all addresses together. */
  get failures(): number {
    let failures = 0;
    for (const known of this.#known.values()) failures += known.failures;
    return failures;
  }

  /** When the first address may be dialed; `Infinity` if there is none. */
  dueMs(): number {
    let dueMs = Infinity;
    for (const { retryAtMs } of this.#known.values()) dueMs = Math.min(dueMs, retryAtMs);
    return dueMs;
  }

  #put(address: NodeAddress, origin: AddressOrigin): void {
    const { protocol, host, port, path } = address;
    const place = host === undefined ? undefined : JSON.stringify([protocol, host, port, path]);
    this.#known.set(formatNodeAddress(address), {
      address,
      place,
      origin,
      failures: 0,
      failingSinceMs: 0,
      blame: noAmount,
      backOffs: 0,
      retryAtMs: 0,
    });
  }

  /**
   * In a full book, drops the address with the weakest origin that may go, if any; of several, the
   * one that has failed most often.
   */
  #makeRoom(origin: AddressOrigin, inUse: KnownAddress | undefined): boolean {
    if (this.#known.size < addressesPerPeerMax) return true;
    let worst: KnownAddress | undefined;
    for (const known of this.#known.values()) {
      const hasFailed = known.origin === origin && known.failures > 0;
      const mayGo = known !== inUse && (hasFailed || isWeaker(known.origin, origin));
      if (mayGo && (worst === undefined || isWorse(known, worst))) worst = known;
    }
    if (worst !== undefined) this.forget(worst);
    return worst !== undefined;
  }
}

function isWeaker(a: AddressOrigin, b: AddressOrigin): boolean {
  return addressOrigins.indexOf(a) < addressOrigins.indexOf(b);
}

function isWorse(a: KnownAddress, b: KnownAddress): boolean {
  return a.origin === b.origin ? a.failures > b.failures : isWeaker(a.origin, b.origin);
}

/**
 * Makes an address due now and resets its back-off. A network that has just come back may need a
 * few more seconds, and a dial that is too early must not be followed by the long wait of many
 * failures.
 */
export function makeDue(known: KnownAddress): void {
  known.backOffs = 0;
  known.retryAtMs = 0;
}

/** Counts a failed dial of the address. */
export function noteFailure(known: KnownAddress, nowMs: number): void {
  if (known.failures === 0) known.failingSinceMs = nowMs;
  known.failures += 1;
  known.backOffs += 1;
}

/** Forgets the failures of an address because a connection was ready. */
export function hasWorked(known: KnownAddress): void {
  makeDue(known);
  known.failures = 0;
  known.blame = noAmount;
}

/** Whether an address has failed for so long and so often that it should be forgotten. */
export function isExpired(known: KnownAddress, afterMs: number, nowMs: number): boolean {
  const { failures, failingSinceMs } = known;
  return afterMs > 0 && failures >= failuresBeforeExpiry && nowMs - failingSinceMs >= afterMs;
}
