import {
  anInteger,
  type OptionKind,
  type OptionKinds,
  optionFaults,
  valueFaults,
} from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import { withDefaults } from '../model/with-defaults.ts';
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

const aCount = anInteger(1, countMax);
const aCountOrNone = anInteger(0, countMax);
const aTime = aTimeFrom(0);
const aScore = anInteger(-scoreMax, -1);

const countKinds: OptionKinds<PeerCounts> = {
  maxConnected: aCount,
  maxInbound: aCount,
  maxInboundPerHost: aCount,
  maxOutbound: aCount,
  wanted: aCountOrNone,
  reserved: aCountOrNone,
  maxUpgrading: aCountOrNone,
  maxDialing: aCount,
  maxPeers: aCount,
};

/** The kind of each limit. */
export const limitKinds: OptionKinds<PeerLimits> = {
  ...countKinds,
  retryMinMs: aTime,
  retryMaxMs: aTime,
  // 0 would turn retries off, and a persistent peer is never given up.
  retryMaxPersistentMs: aTimeFrom(1),
  retryJitterMs: aTime,
  disconnectCooldownMs: aTime,
  incompatibleMs: aTime,
  addressExpiryMs: aTime,
  banMs: aTime,
  scoreHalfLifeMs: aTime,
  disconnectScore: aScore,
  banScore: aScore,
};

function aTimeFrom(leastMs: number): OptionKind {
  return {
    what: `a time of ${leastMs} ms or more`,
    accepts: (ms) => typeof ms === 'number' && ms >= leastMs && ms <= Number.MAX_SAFE_INTEGER,
  };
}

/** Fills in the defaults. A default grows with the limits that it must not be below. */
export function limitsFrom(given: Partial<PeerLimits>): PeerLimits {
  const { maxConnected = 32, retryMinMs = 250, maxPeers = Infinity } = given;
  const half = Math.ceil(maxConnected / 2);
  const room = Math.max(0, Math.min(upgradingMax, maxPeers - maxConnected));
  const { maxUpgrading = room } = given;
  const defaults: PeerLimits = {
    maxConnected,
    maxInbound: maxConnected,
    maxInboundPerHost: half,
    maxOutbound: maxConnected,
    wanted: half,
    reserved: half,
    maxUpgrading,
    maxDialing: 8,
    maxPeers: Math.max(peersMax, maxConnected + maxUpgrading),
    retryMinMs,
    retryMaxMs: Math.max(30 * minute, retryMinMs),
    retryMaxPersistentMs: Math.max(5 * minute, retryMinMs),
    retryJitterMs: 5000,
    disconnectCooldownMs: 2000,
    incompatibleMs: 60 * minute,
    addressExpiryMs: 7 * day,
    banMs: 60 * minute,
    scoreHalfLifeMs: 60 * minute,
    disconnectScore: -50,
    banScore: -100,
  };
  return withDefaults(defaults, given);
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
  const merged = { ...given, ...changes };
  const problems = [...optionFaults(changes, countKinds), ...orderFaults(merged)];
  if (problems.length > 0) {
    throw new RxmeshError('RXMESH_OPTIONS_INVALID', `setLimits: ${problems.join('; ')}`);
  }
  const limits: object = limitsFrom(merged);
  const names = Object.keys(countKinds);
  return Object.fromEntries(names.map((name) => [name, Reflect.get(limits, name)])) as PeerCounts;
}

/** Which limits are below one that they must cover. None if a limit is wrong by itself. */
export function orderFaults(given: Partial<PeerLimits>): readonly string[] {
  if (valueFaults(given, limitKinds).length > 0) return [];
  const limits = limitsFrom(given);
  const atLeast = (name: keyof PeerLimits, least: keyof PeerLimits): readonly string[] =>
    limits[name] >= limits[least]
      ? []
      : [mustBe(name, `at least ${least} (${limits[least]})`, limits[name])];
  return [
    ...atLeast('maxConnected', 'maxInbound'),
    ...atLeast('maxConnected', 'maxOutbound'),
    ...atLeast('maxConnected', 'wanted'),
    ...atLeast('maxConnected', 'reserved'),
    ...atLeast('retryMaxMs', 'retryMinMs'),
    ...atLeast('retryMaxPersistentMs', 'retryMinMs'),
    ...atLeast('disconnectScore', 'banScore'),
    ...peersFaults(limits),
    ...retryFaults(given),
  ];
}

function peersFaults({ maxPeers, maxConnected, maxUpgrading }: PeerLimits): readonly string[] {
  if (maxPeers >= maxConnected + maxUpgrading) return [];
  const connected = `maxConnected (${maxConnected})`;
  const least =
    maxUpgrading === 0 ? connected : `${connected} and maxUpgrading (${maxUpgrading}) together`;
  return [mustBe('maxPeers', `at least ${least}`, maxPeers)];
}

/** A longest wait needs waits that it can bound. */
function retryFaults({ retryMinMs, retryMaxMs }: Partial<PeerLimits>): readonly string[] {
  if (retryMinMs !== 0 || retryMaxMs === undefined) return [];
  return [`retryMaxMs needs a retryMinMs above 0, got ${retryMaxMs} with 0`];
}
