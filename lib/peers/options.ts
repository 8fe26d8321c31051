import { formatNodeAddress, parseNodeAddress, validateNodeAddress } from '../model/address.ts';
import type { NodeAddress } from '../model/address.ts';
import { mistaken } from '../model/check-function.ts';
import { RxmeshError } from '../model/error.ts';
import { isNodeId, type NodeId } from '../model/id.ts';
import { quote } from '../model/quote.ts';

/** How many peers, and how long to wait. Counts are integers; times are milliseconds. */
export interface PeerLimits {
  /**
   * Connected peers, in and out; a slot is kept for each persistent one. Peers that are being
   * dialed count too when one is to be dialed. Default 32.
   */
  readonly maxConnected: number;
  /** Of these, peers that this node has dialed or is dialing. Default: `maxConnected`. */
  readonly maxOutbound: number;
  /** Dials at the same time. Default 8. */
  readonly maxDialing: number;
  /**
   * Known peers. Above, the lowest scored one that is neither connected, dialed, nor persistent is
   * forgotten. Default 1,000, or `maxConnected` if that is more.
   */
  readonly maxPeers: number;
  /**
   * The wait after an address failed for the first time; it doubles with each failure. 0: no
   * retries, but for persistent peers. Default 250.
   */
  readonly retryMinMs: number;
  /** The longest wait between dials of one address. Default 30 minutes. */
  readonly retryMaxMs: number;
  /** The same for persistent peers. Default 5 minutes. */
  readonly retryMaxPersistentMs: number;
  /** A random part of this is added to each wait, before the cap. Default 5,000. */
  readonly retryJitterMs: number;
  /** A peer that has disconnected is not dialed sooner. Default 2,000. */
  readonly disconnectCooldownMs: number;
  /**
   * A peer found incompatible is not dialed sooner, unless it gets a new address. Default 1 hour.
   */
  readonly incompatibleMs: number;
  /** How long a ban lasts. Default 1 hour. */
  readonly banMs: number;
}

/** What a user says about peers. */
export interface PeerOptions extends Partial<PeerLimits> {
  /**
   * A ban by report is one of the peer's host, too: of the IPv4 address, or the /64 of the IPv6
   * one, that it is connected with. Identities cost nothing, addresses do. But others may be behind
   * the same address: a whole company, or, behind a proxy, everybody. Default false.
   */
  readonly banHosts?: boolean;
  /**
   * Addresses of peers that are never given up or forgotten, and come first; at most `maxConnected`
   * peers.
   */
  readonly persistent?: readonly (string | NodeAddress)[];
  /** Addresses that are known at the start. */
  readonly addresses?: readonly (string | NodeAddress)[];
}

/** The rules of the peer manager. */
export interface PeerRules extends PeerLimits {
  readonly banHosts: boolean;
}

/** Peer options, checked and complete. */
export interface CheckedPeerOptions extends PeerRules {
  readonly persistent: readonly NodeAddress[];
  readonly addresses: readonly NodeAddress[];
}

const countMax = 1_000_000;
const minute = 60_000;

const counts = ['maxConnected', 'maxOutbound', 'maxDialing', 'maxPeers'] as const;
const times = [
  'retryMinMs',
  'retryMaxMs',
  'retryMaxPersistentMs',
  'retryJitterMs',
  'disconnectCooldownMs',
  'incompatibleMs',
  'banMs',
] as const;

/** What `PeerOptions` may name. */
export const peerOptionNames: readonly string[] = [
  ...counts,
  ...times,
  'banHosts',
  'persistent',
  'addresses',
];

/**
 * The address in `given`, a text or an address, in its one form: equal addresses have equal texts.
 *
 * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`
 */
export function toNodeAddress(given: string | NodeAddress): NodeAddress {
  if (typeof given === 'string') return parseNodeAddress(given);
  const address: unknown = given;
  if (typeof address !== 'object' || address === null) {
    throw mistaken('the address', 'a text such as ws://<node ID>@host:port', address);
  }
  validateNodeAddress(given);
  return parseNodeAddress(formatNodeAddress(given));
}

/**
 * Default limits, where `options` gives none; defaults follow the limits that they may not fall
 * short of.
 */
function limitsFrom(options: PeerOptions): PeerLimits {
  const { maxConnected = 32, retryMinMs = 250 } = options;
  return {
    maxConnected,
    maxOutbound: options.maxOutbound ?? maxConnected,
    maxDialing: options.maxDialing ?? 8,
    maxPeers: options.maxPeers ?? Math.max(1000, maxConnected),
    retryMinMs,
    retryMaxMs: options.retryMaxMs ?? Math.max(30 * minute, retryMinMs),
    retryMaxPersistentMs: options.retryMaxPersistentMs ?? Math.max(5 * minute, retryMinMs),
    retryJitterMs: options.retryJitterMs ?? 5000,
    disconnectCooldownMs: options.disconnectCooldownMs ?? 2000,
    incompatibleMs: options.incompatibleMs ?? 60 * minute,
    banMs: options.banMs ?? 60 * minute,
  };
}

/** Fills `problems` with what is wrong with `limits`, a line each. */
function checkLimits(limits: PeerLimits, problems: string[]): void {
  for (const name of counts) {
    const value = limits[name];
    if (!Number.isInteger(value) || value < 1 || value > countMax) {
      problems.push(`${name} is an integer from 1 to ${countMax}, given ${value}`);
    }
  }
  for (const name of times) {
    const value = limits[name];
    // A persistent peer is never given up, so that there is always a wait to come.
    const least = name === 'retryMaxPersistentMs' ? 1 : 0;
    if (!(value >= least && value <= Number.MAX_SAFE_INTEGER)) {
      problems.push(`${name} is a time of ${least} ms or more, given ${value}`);
    }
  }
  const atLeast = (name: keyof PeerLimits, least: keyof PeerLimits): void => {
    if (limits[name] >= limits[least]) return;
    problems.push(`${name} is at least ${least} (${limits[least]}), given ${limits[name]}`);
  };
  atLeast('maxConnected', 'maxOutbound');
  atLeast('maxPeers', 'maxConnected');
  atLeast('retryMaxMs', 'retryMinMs');
  atLeast('retryMaxPersistentMs', 'retryMinMs');
}

/** The addresses in `given`; what is wrong with the others goes to `problems`. */
function checkAddresses(
  name: string,
  given: readonly (string | NodeAddress)[],
  self: NodeId,
  problems: string[],
): NodeAddress[] {
  const addresses: NodeAddress[] = [];
  if (!Array.isArray(given)) {
    problems.push(`${name} is an array of addresses`);
    return addresses;
  }
  for (const one of given as readonly unknown[]) {
    // The caller may be plain JavaScript.
    if (typeof one !== 'string' && (typeof one !== 'object' || one === null)) {
      problems.push(`${name} has ${String(one)}, which is no address`);
      continue;
    }
    try {
      const address = toNodeAddress(one as string | NodeAddress);
      if (address.id === self) {
        problems.push(`${name} names this node itself: ${formatNodeAddress(address)}`);
      } else addresses.push(address);
    } catch (error) {
      if (!(error instanceof RxmeshError)) throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  return addresses;
}

/**
 * Checks peer options and adds the defaults. What is wrong goes to `problems`, a line each, so that
 * a caller can report it together with other problems; the result counts only if there are none.
 */
export function checkPeerOptions(
  self: NodeId,
  options: PeerOptions,
  problems: string[],
): CheckedPeerOptions {
  const limits = limitsFrom(options);
  checkLimits(limits, problems);
  const { banHosts = false } = options;
  if (typeof banHosts !== 'boolean') problems.push('banHosts is true or false');
  if (!isNodeId(self))
    problems.push(`self is a node id of 40 lower-case hex digits, given ${quote(self)}`);
  const persistent = checkAddresses('persistent', options.persistent ?? [], self, problems);
  const addresses = checkAddresses('addresses', options.addresses ?? [], self, problems);
  const peers = new Set(persistent.map((address) => address.id)).size;
  if (peers > limits.maxConnected) {
    problems.push(
      `persistent names at most maxConnected (${limits.maxConnected}) peers, given ${peers}`,
    );
  }
  return { ...limits, banHosts, persistent, addresses };
}
