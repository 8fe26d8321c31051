import { formatNodeAddress, type NodeAddress, parseNodeAddress } from './address.ts';
import { RxmeshError } from './error.ts';
import { isNodeId, type NodeId } from './id.ts';
import { uncheckedNodeId } from './node-id.ts';
import { quote } from './quote.ts';

/** Protocol versions of a node, as in CometBFT: integers from 0. */
export interface ProtocolVersion {
  /** Version of the peer-to-peer wire protocol. */
  readonly p2p: number;
  /** Version of the application's shared data; nodes with different versions do not connect. */
  readonly block: number;
  /** Version of the application. */
  readonly app: number;
}

/**
 * What a node says about itself in the handshake. `validateNodeInfo` limits every text to 256
 * bytes, which keeps the whole under 10 KiB on the wire.
 */
export interface NodeInfo {
  readonly protocolVersion: ProtocolVersion;
  readonly nodeId: NodeId;
  /**
   * Where the peer can dial the node, as `host:port` or a URL: the first of `addresses`. Empty if
   * the node does not listen anywhere that this peer could dial.
   */
  readonly listenAddress: string;
  /** Name of the network; nodes on different networks do not connect. ASCII. */
  readonly network: string;
  /** Version of the node's software; ASCII. */
  readonly version: string;
  /**
   * IDs (uint16) of the channels open when the handshake began, at most 16; empty if not announced.
   */
  readonly channels: readonly number[];
  /** A human-readable name; ASCII, not empty. */
  readonly moniker: string;
  /** CometBFT's: whether transactions are indexed (`on`, `off`, or empty), and an ASCII address. */
  readonly other: { readonly txIndex: string; readonly rpcAddress: string };
  /** Optional features of the wire protocol that the node supports; ASCII names, at most 16. */
  readonly features: readonly string[];
  /**
   * Where the peer can dial the node, written like `listenAddress`; at most 8. A node chooses them
   * for each peer.
   */
  readonly addresses: readonly string[];
}

const TEXT_LENGTH_MAX = 256;
const CHANNELS_MAX = 16;
/** The most features that a node info may name. */
export const FEATURES_MAX = 16;
/** The most addresses that a node tells a peer about itself. */
export const ADDRESSES_MAX = 8;

/**
 * Checks that every field of a node info is well-formed and within its bounds.
 * @throws {RxmeshError} `RXMESH_NODE_INFO_INVALID`; the message names the field. Its `peer` is the
 *   node ID, if that is valid.
 */
export function validateNodeInfo(info: NodeInfo): void {
  const fault = faultOf(info);
  if (fault === undefined) return;
  throw new RxmeshError(
    'RXMESH_NODE_INFO_INVALID',
    `node info: ${fault}`,
    isNodeId(info.nodeId) ? { peer: info.nodeId } : {},
  );
}

function faultOf(info: NodeInfo): string | undefined {
  const { protocolVersion, nodeId, listenAddress, network, version, moniker, other } = info;
  return (
    versionFault(protocolVersion) ??
    (isNodeId(nodeId) ? undefined : fault('nodeId', nodeId, 'is not a node ID')) ??
    (isListenAddress(nodeId, listenAddress)
      ? undefined
      : fault('listenAddress', listenAddress, 'is neither host:port nor a URL')) ??
    textFault('network', network) ??
    textFault('version', version) ??
    channelsFault(info.channels) ??
    (moniker === '' ? 'moniker is empty' : textFault('moniker', moniker)) ??
    (['', 'on', 'off'].includes(other.txIndex)
      ? undefined
      : fault('other.txIndex', other.txIndex, 'is neither empty, nor on, nor off')) ??
    textFault('other.rpcAddress', other.rpcAddress) ??
    featuresFault(info.features) ??
    addressesFault(nodeId, info.addresses)
  );
}

function fault(field: string, value: string, what: string): string {
  return `${field} ${quote(value)} ${what}`;
}

function versionFault(versions: ProtocolVersion): string | undefined {
  const { p2p, block, app } = versions;
  for (const [name, value] of Object.entries({ p2p, block, app })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      return `protocolVersion.${name} ${value} is not an integer from 0 to 2^53 - 1`;
    }
  }
  return undefined;
}

/** Accepts at most 256 characters of printable ASCII, not all spaces; or the empty string. */
function textFault(field: string, text: string): string | undefined {
  if (text.length > TEXT_LENGTH_MAX) return `${field} is longer than ${TEXT_LENGTH_MAX} bytes`;
  if (/[^ -~]/.test(text)) return fault(field, text, 'is not printable ASCII');
  if (/^ +$/.test(text)) return fault(field, text, 'is all spaces');
  return undefined;
}

/**
 * Whether `text` is empty, `host:port`, a node address without its ID (`tcp://0.0.0.0:26656`), or
 * a node address without a host (`memory:<id>`).
 */
function isListenAddress(id: NodeId, text: string): boolean {
  return text === '' || parseListenAddress(id, text) !== undefined;
}

/** Converts a listen address to a node address; undefined if it is malformed. */
export function parseListenAddress(id: NodeId, text: string): NodeAddress | undefined {
  if (textFault('listenAddress', text) !== undefined) return undefined;
  const hasHostAndPort = /^[^/?#]*:\d+$/.test(text);
  const address = hasHostAndPort ? `${id}@${text}` : text;
  try {
    const parsed = parseNodeAddress(
      text.includes('://') ? text.replace('://', `://${id}@`) : address,
    );
    return parsed.id === id ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Writes an address as a listen address; undefined if it is too long for a node info. */
export function formatListenAddress(address: NodeAddress): string | undefined {
  const text = formatNodeAddress(
    address.host === undefined ? address : { ...address, id: uncheckedNodeId('') },
  );
  return parseListenAddress(address.id, text) === undefined ? undefined : text;
}

/** The addresses at which a node says that it can be dialed, each once. */
export function addressesIn(info: NodeInfo): readonly NodeAddress[] {
  const { nodeId, listenAddress, addresses } = info;
  const parsed = [listenAddress, ...addresses]
    .map((text) => parseListenAddress(nodeId, text))
    .filter((address) => address !== undefined);
  return [...new Map(parsed.map((each) => [formatNodeAddress(each), each])).values()];
}

function addressesFault(id: NodeId, addresses: readonly string[]): string | undefined {
  if (addresses.length > ADDRESSES_MAX) {
    return `addresses: ${addresses.length} of them, at most ${ADDRESSES_MAX} are allowed`;
  }
  const wrong = addresses.find((text) => parseListenAddress(id, text) === undefined);
  if (wrong === undefined) return undefined;
  return fault('addresses', wrong, 'is neither host:port nor a URL');
}

function channelsFault(channels: readonly number[]): string | undefined {
  if (channels.length > CHANNELS_MAX) {
    return `channels: ${channels.length} of them, at most ${CHANNELS_MAX} are allowed`;
  }
  const seen = new Set<number>();
  for (const id of channels) {
    if (!Number.isInteger(id) || id < 0 || id > 0xffff) {
      return `channels: ${id} is not an integer from 0 to 65535`;
    }
    if (seen.has(id)) return `channels: ${id} comes twice`;
    seen.add(id);
  }
  return undefined;
}

function featuresFault(features: readonly string[]): string | undefined {
  if (features.length > FEATURES_MAX) {
    return `features: ${features.length} of them, at most ${FEATURES_MAX} are allowed`;
  }
  return features
    .map((name) => (name === '' ? 'features: one is empty' : textFault('features', name)))
    .find((each) => each !== undefined);
}

/**
 * Checks that two nodes are compatible: they have the same block version and the same network, and,
 * if both announced their channels, at least one in common.
 * @throws {RxmeshError} `RXMESH_INCOMPATIBLE`, about `theirs.nodeId`; the message names the
 *   difference
 */
export function checkCompatible(ours: NodeInfo, theirs: NodeInfo): void {
  const difference = differenceOf(ours, theirs);
  if (difference === undefined) return;
  throw new RxmeshError('RXMESH_INCOMPATIBLE', difference, { peer: theirs.nodeId });
}

function differenceOf(ours: NodeInfo, theirs: NodeInfo): string | undefined {
  const [block, theirBlock] = [ours.protocolVersion.block, theirs.protocolVersion.block];
  if (block !== theirBlock) {
    return `the peer has block version ${theirBlock}, this node ${block}`;
  }
  if (ours.network !== theirs.network) {
    return `the peer is on network ${quote(theirs.network)}, this node on ${quote(ours.network)}`;
  }
  const areChannelsKnown = ours.channels.length > 0 && theirs.channels.length > 0;
  if (!areChannelsKnown || ours.channels.some((id) => theirs.channels.includes(id)))
    return undefined;
  const [own, other] = [ours, theirs].map(({ channels }) => {
    return `${channels.length === 1 ? 'channel' : 'channels'} ${channels.join(', ')}`;
  });
  return `no channel in common: this node has opened ${own}, the peer ${other}`;
}
