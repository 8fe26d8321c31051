import { formatNodeAddress, parseNodeAddress, validateNodeAddress } from '../model/address.ts';
import type { NodeAddress } from '../model/address.ts';
import { mistaken } from '../model/check-function.ts';
import {
  aFlag,
  aFunction,
  anything,
  type OptionKinds,
  valueFaults,
} from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import { addressHint, isNodeId, type NodeId } from '../model/id.ts';
import { quote } from '../model/quote.ts';
import type { Rank } from './guarded-rank.ts';
import { limitKinds, limitsFrom, orderFaults, type PeerLimits } from './limits.ts';
import type { PeerRecord } from './peer-record.ts';
import { isPeerStore, type PeerStore } from './store/peer-store.ts';

/** Options for a node's peers: limits, known addresses, and how peers are ranked. */
export interface PeerOptions extends Partial<PeerLimits> {
  /**
   * Whether a ban that follows from a report also bans the peer's host: the IPv4 address, or the
   * /64 of the IPv6 address, that it is connected from, or has left from. A new identity costs
   * nothing, a new address does. But other peers may share the address: a whole company or, behind
   * a proxy, everybody. Default false.
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
  /**
   * Where peers and bans are remembered when the process ends: an abstract-level database of yours,
   * such as `new ClassicLevel('./peers')`, `new BrowserLevel('peers')`, or a sublevel of one. Each
   * node needs its own. The node opens it if necessary, but never closes it. Default: none, peers
   * are kept in memory only.
   */
  readonly store?: PeerStore;
}

/** The rules of the peer manager. */
export interface PeerRules extends PeerLimits {
  /** The most peers that are let in without a slot, to ask for addresses. Default 0. */
  readonly maxVisitors?: number;
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

/** The kind of each peer option. The lists are checked entry by entry. */
export const peerOptionKinds: OptionKinds<PeerOptions> = {
  ...limitKinds,
  banHosts: aFlag,
  persistent: anything,
  addresses: anything,
  unconditional: anything,
  private: anything,
  rank: aFunction,
  store: {
    what: "an abstract-level database, such as new ClassicLevel('./peers')",
    accepts: isPeerStore,
  },
};

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

/** The valid IDs in `given`. The rest is reported in `problems`. */
function checkIds(name: string, given: unknown, problems: string[]): ReadonlySet<NodeId> {
  const ids = new Set<NodeId>();
  if (!Array.isArray(given)) {
    problems.push(mustBe(name, 'an array of node IDs', given));
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
    problems.push(mustBe(name, 'an array of addresses', given));
    return addresses;
  }
  for (const one of given as readonly unknown[]) {
    // The caller may be plain JavaScript.
    if (typeof one !== 'string' && (typeof one !== 'object' || one === null)) {
      problems.push(`${name} has ${String(one)}, which is not an address`);
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
  problems.push(...valueFaults(options, peerOptionKinds), ...orderFaults(options));
  const limits = limitsFrom(options);
  const { banHosts = false, rank } = options;
  if (!isNodeId(self)) problems.push(mustBe('self', 'a node ID of 40 lower-case hex digits', self));
  const persistent = checkAddresses('persistent', options.persistent ?? [], self, problems);
  const addresses = checkAddresses('addresses', options.addresses ?? [], self, problems);
  const unconditional = checkIds('unconditional', options.unconditional ?? [], problems);
  const peers = new Set(persistent.map(({ id }) => id).filter((id) => !unconditional.has(id)));
  if (peers.size > limits.maxConnected) {
    problems.push(
      `persistent must name at most maxConnected (${limits.maxConnected}) peers, got ${peers.size}`,
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
