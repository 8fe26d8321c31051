import { formatNodeAddress, parseNodeAddress, validateNodeAddress } from '../model/address.ts';
import type { NodeAddress } from '../model/address.ts';
import { mistaken } from '../model/check-function.ts';
import { RxmeshError } from '../model/error.ts';
import { addressHint, isNodeId, type NodeId } from '../model/id.ts';
import { quote } from '../model/quote.ts';
import type { Rank } from './guarded-rank.ts';
import type { PeerRecord } from './peer-record.ts';
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
  /** Of these, the most peers that this node has dialed or is dialing. Default: `maxConnected`. */
  readonly maxOutbound: number;
  /**
   * Of these, the slots that strangers never take. They are for chosen peers, persistent or not:
   * those of which the application has named an address. No more slots are kept than there are such
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
  /** A random part of this is added to each wait, before it is capped. Default 5,000. */
  readonly retryJitterMs: number;
  /** How long to wait before dialing a peer that has disconnected. Default 2,000. */
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

/** Options for a node's peers: limits, known addresses, and how peers are ranked. */
export interface PeerOptions extends Partial<PeerLimits> {
  /**
   * Whether a ban that follows from a report also bans the peer's host: the IPv4 address, or the
   * /64 of the IPv6 address, that it is connected from. A new identity costs nothing, a new address
   * does. But other peers may share the address: a whole company or, behind a proxy, everybody.
   * Default false.
   */
  readonly banHosts?: boolean;
  /**
   * Addresses of peers that rank first and are never given up or forgotten; at most `maxConnected`
   * peers.
   */
  readonly persistent?: readonly (string | NodeAddress)[];
  /** Addresses that are known at the start. */
  readonly addresses?: readonly (string | NodeAddress)[];
  /** IDs of peers that take no slots and that no limit refuses. */
  readonly unconditional?: readonly NodeId[];
  /** IDs of peers that are never advertised to others. */
  readonly private?: readonly NodeId[];
  /**
   * How much the application values a peer: the higher, the better. It counts before the score, and
   * decides which peers are dialed first, replaced and forgotten. Persistent peers still come
   * before all others. Called when something about the peer has changed. Default: all peers are
   * equal.
   */
  readonly rank?: (peer: PeerRecord) => number;
}

/** The rules of the peer manager. */
export interface PeerRules extends PeerLimits {
  readonly banHosts: boolean;
  readonly unconditional: ReadonlySet<NodeId>;
  readonly private: ReadonlySet<NodeId>;
  readonly rank: Rank | undefined;
}

/** Peer options, checked and complete. */
export interface CheckedPeerOptions extends PeerRules {
  readonly persistent: readonly NodeAddress[];
  readonly addresses: readonly NodeAddress[];
}

const countMax = 1_000_000;
/** The defaults of `maxUpgrading` and `maxPeers`, unless other limits leave less or need more. */
const upgradingMax = 4;
const peersMax = 1_000;
const minute = 60_000;
const day = 24 * 60 * minute;

const counts = [
  'maxConnected',
  'maxInbound',
  'maxOutbound',
  'reserved',
  'maxUpgrading',
  'maxDialing',
  'maxPeers',
] as const;
/** The counts that may be 0. */
const countsOrNone: readonly string[] = ['reserved', 'maxUpgrading'];
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

/** The names of all peer options. */
export const peerOptionNames: readonly string[] = [
  ...counts,
  ...times,
  ...scores,
  'banHosts',
  'persistent',
  'addresses',
  'unconditional',
  'private',
  'rank',
];

/**
 * Normalizes an address, given as text or as an object: equal addresses have equal texts.
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

/** Fills in the defaults. A default grows with the limits that it must not be below. */
function limitsFrom(options: PeerOptions): PeerLimits {
  const { maxConnected = 32, retryMinMs = 250, maxPeers = Infinity } = options;
  const room = Math.max(0, Math.min(upgradingMax, maxPeers - maxConnected));
  const maxUpgrading = options.maxUpgrading ?? room;
  return {
    maxConnected,
    maxInbound: options.maxInbound ?? maxConnected,
    maxOutbound: options.maxOutbound ?? maxConnected,
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

/** Adds each problem with `limits` to `problems`, a line each. */
function checkLimits(limits: PeerLimits, problems: string[]): void {
  for (const name of counts) {
    const value = limits[name];
    const least = countsOrNone.includes(name) ? 0 : 1;
    if (!Number.isInteger(value) || value < least || value > countMax) {
      problems.push(`${name} is an integer from ${least} to ${countMax}, given ${value}`);
    }
  }
  for (const name of times) {
    const value = limits[name];
    // 0 would turn retries off, and a persistent peer is never given up.
    const least = name === 'retryMaxPersistentMs' ? 1 : 0;
    if (!(value >= least && value <= Number.MAX_SAFE_INTEGER)) {
      problems.push(`${name} is a time of ${least} ms or more, given ${value}`);
    }
  }
  for (const name of scores) {
    const value = limits[name];
    if (!Number.isInteger(value) || value >= 0 || value < -scoreMax) {
      problems.push(`${name} is an integer from -${scoreMax} to -1, given ${value}`);
    }
  }
  checkOrder(limits, problems);
}

/** Checks that no limit is below one that it must cover. */
function checkOrder(limits: PeerLimits, problems: string[]): void {
  const atLeast = (name: keyof PeerLimits, least: keyof PeerLimits): void => {
    if (limits[name] >= limits[least]) return;
    problems.push(`${name} is at least ${least} (${limits[least]}), given ${limits[name]}`);
  };
  atLeast('maxConnected', 'maxInbound');
  atLeast('maxConnected', 'maxOutbound');
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
  problems.push(`maxPeers is at least ${least}, given ${maxPeers}`);
}

/** Rejects a longest wait if there are no waits for it to bound. */
function checkRetries({ retryMinMs, retryMaxMs }: PeerOptions, problems: string[]): void {
  if (retryMinMs !== 0 || retryMaxMs === undefined) return;
  problems.push(`retryMaxMs needs a retryMinMs above 0, given ${retryMaxMs}`);
}

/** The valid IDs in `given`. The rest is reported in `problems`. */
function checkIds(name: string, given: unknown, problems: string[]): ReadonlySet<NodeId> {
  const ids = new Set<NodeId>();
  if (!Array.isArray(given)) {
    problems.push(`${name} is an array of node ids`);
    return ids;
  }
  for (const one of given as readonly unknown[]) {
    if (typeof one === 'string' && isNodeId(one)) ids.add(one);
    else problems.push(`${name} has ${quote(String(one))}, not a node ID${addressHint(one)}`);
  }
  return ids;
}

/** The valid addresses in `given`. The rest is reported in `problems`. */
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
 * Checks peer options and adds the defaults. Problems are added to `problems`, a line each, so that
 * a caller can report them together with its own. The result is valid only if there are none.
 */
export function checkPeerOptions(
  self: NodeId,
  options: PeerOptions,
  problems: string[],
): CheckedPeerOptions {
  const limits = limitsFrom(options);
  checkLimits(limits, problems);
  checkRetries(options, problems);
  const { banHosts = false, rank } = options;
  if (typeof banHosts !== 'boolean') problems.push('banHosts is true or false');
  if (rank !== undefined && typeof rank !== 'function') problems.push('rank is a function');
  if (!isNodeId(self))
    problems.push(`self is a node id of 40 lower-case hex digits, given ${quote(self)}`);
  const persistent = checkAddresses('persistent', options.persistent ?? [], self, problems);
  const addresses = checkAddresses('addresses', options.addresses ?? [], self, problems);
  const unconditional = checkIds('unconditional', options.unconditional ?? [], problems);
  const peers = new Set(persistent.map(({ id }) => id).filter((id) => !unconditional.has(id)));
  if (peers.size > limits.maxConnected) {
    problems.push(
      `persistent names at most maxConnected (${limits.maxConnected}) peers, given ${peers.size}`,
    );
  }
  return {
    ...limits,
    banHosts,
    persistent,
    addresses,
    unconditional,
    private: checkIds('private', options.private ?? [], problems),
    rank,
  };
}
