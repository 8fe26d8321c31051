import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import { unknownOptions } from '../model/unknown-options.ts';
import { scoreMax } from './scores.ts';

/** Limits and times of the peer manager. Counts are integers; times are in milliseconds. */
export interface PeerLimits {
  /**
   * The most connected peers, inbound and outbound. A slot is kept for each persistent peer. Before
   * a dial, peers that are already being dialed count too. Default 32.
   */
  readonly maxConnected: number;
  /** Of these, the most peers that have dialed this node. Default: `maxConnected`. */
  readonly maxInbound: number;
  /**
   * The most peers that have dialed this node from one host: an IPv4 address, or the /64 of an IPv6
   * address. Chosen peers are counted, but never refused; peers at a loopback address are not
   * counted. Default: half of `maxConnected`.
   */
  readonly maxInboundPerHost: number;
  /**
   * Of the connected peers, the most that this node has dialed or is dialing. Default:
   * `maxConnected`.
   */
  readonly maxOutbound: number;
  /**
   * How many peers this node looks for: while it has fewer, it dials strangers too. Beyond that it
   * dials a stranger only to replace a connected peer that ranks lower. So slots stay free for
   * nodes that join. Default: half of `maxConnected`.
   */
  readonly wanted: number;
  /**
   * How many of the slots strangers never take. They are for chosen peers, persistent or not: those
   * of which the application has named an address. No more slots are kept than there are such
   * peers, and every persistent peer has its slot anyway. Default: half of `maxConnected`.
   */
  readonly reserved: number;
  /**
   * The most peers that may exceed a limit in order to replace lower-ranked ones. The lower-ranked
   * peer is disconnected once the better one is up. 0: no peer is replaced. Default 4, or less if
   * `maxPeers` leaves less room.
   */
  readonly maxUpgrading: number;
  /** The most dials at the same time. Default 8. */
  readonly maxDialing: number;
  /**
   * The most known peers, at least `maxConnected` and `maxUpgrading` together. Beyond it, the
   * lowest ranked peer that is not connected, being dialed or persistent is forgotten. Default
   * 1,000, or as many as may be connected if that is more.
   */
  readonly maxPeers: number;
  /**
   * The wait after the first failure of an address. It doubles with each further failure. 0: no
   * retries, except for persistent peers. Default 250.
   */
  readonly retryMinMs: number;
  /** The longest wait between dials of one address. Default 30 minutes. */
  readonly retryMaxMs: number;
  /** The longest wait for persistent peers. Default 5 minutes. */
  readonly retryMaxPersistentMs: number;
  /**
   * A random part of this is added to each wait after a failure, before it is capped, and to the
   * wait after a disconnect, of which it is at most half. 0: waits are exact. Default 5,000.
   */
  readonly retryJitterMs: number;
  /** How long to wait, plus jitter, before dialing a peer that has disconnected. Default 2,000. */
  readonly disconnectCooldownMs: number;
  /**
   * How long to wait before dialing an incompatible peer again, unless it gets a new address.
   * Default 1 hour.
   */
  readonly incompatibleMs: number;
  /**
   * An address that has only failed for this long, at least ten times, is forgotten; with its last
   * address, so is the peer. Addresses of persistent peers are kept. 0: all are kept. Default 7
   * days.
   */
  readonly addressExpiryMs: number;
  /** How long a ban lasts. Default 1 hour. */
  readonly banMs: number;
  /** After this time, a peer's behaviour counts half. 0: it counts forever. Default 1 hour. */
  readonly scoreHalfLifeMs: number;
  /** A peer whose reports sum to this or less is disconnected, unless persistent. Default -50. */
  readonly disconnectScore: number;
  /** A peer whose reports sum to this or less is banned, unless persistent. Default -100. */
  readonly banScore: number;
}

const countMax = 1_000_000;
/** The defaults of `maxUpgrading` and `maxPeers`, unless other limits leave less or need more. */
const upgradingMax = 4;
const peersMax = 1_000;
const minute = 60_000;
const day = 24 * 60 * minute;

/** The limits that count peers. They can be changed at run time. */
export type PeerCounts = Pick<
  PeerLimits,
  | 'maxConnected'
  | 'maxInbound'
  | 'maxInboundPerHost'
  | 'maxOutbound'
  | 'wanted'
  | 'reserved'
  | 'maxUpgrading'
  | 'maxDialing'
  | 'maxPeers'
>;

const counts: readonly (keyof PeerCounts)[] = [
  'maxConnected',
  'maxInbound',
  'maxInboundPerHost',
  'maxOutbound',
  'wanted',
  'reserved',
  'maxUpgrading',
  'maxDialing',
  'maxPeers',
];
/** The counts that may be 0. */
const countsOrNone: readonly string[] = ['wanted', 'reserved', 'maxUpgrading'];
const times = [
  'retryMinMs',
  'retryMaxMs',
  'retryMaxPersistentMs',
  'retryJitterMs',
  'disconnectCooldownMs',
  'incompatibleMs',
  'addressExpiryMs',
  'banMs',
  'scoreHalfLifeMs',
] as const;
const scores = ['disconnectScore', 'banScore'] as const;

/** The names of all limits. */
export const limitNames: readonly string[] = [...counts, ...times, ...scores];

/** Fills in the defaults. A default grows with the limits that it must not be below. */
export function limitsFrom(options: Partial<PeerLimits>): PeerLimits {
  const { maxConnected = 32, retryMinMs = 250, maxPeers = Infinity } = options;
  const room = Math.max(0, Math.min(upgradingMax, maxPeers - maxConnected));
  const maxUpgrading = options.maxUpgrading ?? room;
  return {
    maxConnected,
    maxInbound: options.maxInbound ?? maxConnected,
    maxInboundPerHost: options.maxInboundPerHost ?? Math.ceil(maxConnected / 2),
    maxOutbound: options.maxOutbound ?? maxConnected,
    wanted: options.wanted ?? Math.ceil(maxConnected / 2),
    reserved: options.reserved ?? Math.ceil(maxConnected / 2),
    maxUpgrading,
    maxDialing: options.maxDialing ?? 8,
    maxPeers: options.maxPeers ?? Math.max(peersMax, maxConnected + maxUpgrading),
    retryMinMs,
    retryMaxMs: options.retryMaxMs ?? Math.max(30 * minute, retryMinMs),
    retryMaxPersistentMs: options.retryMaxPersistentMs ?? Math.max(5 * minute, retryMinMs),
    retryJitterMs: options.retryJitterMs ?? 5000,
    disconnectCooldownMs: options.disconnectCooldownMs ?? 2000,
    incompatibleMs: options.incompatibleMs ?? 60 * minute,
    addressExpiryMs: options.addressExpiryMs ?? 7 * day,
    banMs: options.banMs ?? 60 * minute,
    scoreHalfLifeMs: options.scoreHalfLifeMs ?? 60 * minute,
    disconnectScore: options.disconnectScore ?? -50,
    banScore: options.banScore ?? -100,
  };
}

/**
 * The counts that result from the limits given at the start and the changes since. So a default
 * follows the limit that it depends on.
 *
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, naming everything that is wrong
 */
export function changedCounts(
  given: Partial<PeerLimits>,
  changes: Partial<PeerCounts>,
): PeerCounts {
  const problems: string[] = [...unknownOptions(changes, counts)];
  const merged = { ...given, ...changes };
  const limits = limitsFrom(merged);
  checkLimits(limits, merged, problems);
  if (problems.length > 0) {
    throw new RxmeshError('RXMESH_OPTIONS_INVALID', `setLimits: ${problems.join('; ')}`);
  }
  const { maxConnected, maxInbound, maxInboundPerHost, maxOutbound } = limits;
  const { wanted, reserved, maxUpgrading, maxDialing, maxPeers } = limits;
  const ofConnected = { maxConnected, maxInbound, maxInboundPerHost, maxOutbound };
  return { ...ofConnected, wanted, reserved, maxUpgrading, maxDialing, maxPeers };
}

/**
 * Checks limits that `limitsFrom` has made of `given`. Adds each problem to `problems`, a line
 * each.
 */
export function checkLimits(
  limits: PeerLimits,
  given: Partial<PeerLimits>,
  problems: string[],
): void {
  const before = problems.length;
  const refuse = (name: string, what: string, value: number): void => {
    problems.push(mustBe(name, what, value));
  };
  for (const name of counts) {
    const value = limits[name];
    // A default that follows from a wrong limit is no mistake of its own.
    if (given[name] === undefined && problems.length > before) continue;
    const least = countsOrNone.includes(name) ? 0 : 1;
    if (!Number.isInteger(value) || value < least || value > countMax) {
      refuse(name, `an integer from ${least} to ${countMax}`, value);
    }
  }
  for (const name of times) {
    const value = limits[name];
    // 0 would turn retries off, and a persistent peer is never given up.
    const least = name === 'retryMaxPersistentMs' ? 1 : 0;
    if (!(value >= least && value <= Number.MAX_SAFE_INTEGER)) {
      refuse(name, `a time of ${least} ms or more`, value);
    }
  }
  for (const name of scores) {
    const value = limits[name];
    if (!Number.isInteger(value) || value >= 0 || value < -scoreMax) {
      refuse(name, `an integer from -${scoreMax} to -1`, value);
    }
  }
  if (problems.length === before) checkOrder(limits, problems);
  checkRetries(given, problems);
}

/** Checks that no limit is below one that it must cover. */
function checkOrder(limits: PeerLimits, problems: string[]): void {
  const atLeast = (name: keyof PeerLimits, least: keyof PeerLimits): void => {
    if (limits[name] >= limits[least]) return;
    problems.push(mustBe(name, `at least ${least} (${limits[least]})`, limits[name]));
  };
  atLeast('maxConnected', 'maxInbound');
  atLeast('maxConnected', 'maxOutbound');
  atLeast('maxConnected', 'wanted');
  atLeast('maxConnected', 'reserved');
  atLeast('retryMaxMs', 'retryMinMs');
  atLeast('retryMaxPersistentMs', 'retryMinMs');
  atLeast('disconnectScore', 'banScore');
  const { maxPeers, maxConnected, maxUpgrading } = limits;
  if (maxPeers >= maxConnected + maxUpgrading) return;
  const least =
    maxUpgrading === 0
      ? `maxConnected (${maxConnected})`
      : `maxConnected (${maxConnected}) and maxUpgrading (${maxUpgrading}) together`;
  problems.push(mustBe('maxPeers', `at least ${least}`, maxPeers));
}

/** Rejects a longest wait if there are no waits for it to bound. */
function checkRetries({ retryMinMs, retryMaxMs }: Partial<PeerLimits>, problems: string[]): void {
  if (retryMinMs !== 0 || retryMaxMs === undefined) return;
  problems.push(`retryMaxMs needs a retryMinMs above 0, got ${retryMaxMs} with 0`);
}
