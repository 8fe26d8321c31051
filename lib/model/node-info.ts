import { type NodeAddress, parseNodeAddress } from './address.ts';
import { RxmeshError } from './error.ts';
import { isNodeId, type NodeId } from './id.ts';
import { quote } from './quote.ts';

/** Versions of the protocols that a node speaks, as CometBFT numbers them: integers from 0. */
export interface ProtocolVersion {
  /** Of the peer-to-peer wire. */
  readonly p2p: number;
  /** Of the application's shared data structures; nodes with different ones do not connect. */
  readonly block: number;
  /** Of the application. */
  readonly app: number;
}

/**
 * What a node tells of itself in the handshake. `validateNodeInfo` holds every text to 256 bytes,
 * and so the whole to 10 KiB on the wire.
 */
export interface NodeInfo {
  readonly protocolVersion: ProtocolVersion;
  readonly nodeId: NodeId;
  /**
   * Where the node listens, `host:port` or a URL; empty when it does not, or nowhere that others
   * can dial.
   */
  readonly listenAddress: string;
  /** Nodes of different networks do not connect. ASCII. */
  readonly network: string;
  /** Version of the node's software; ASCII. */
  readonly version: string;
  /** Ids (uint16) of the channels open as the handshake began, at most 16; empty: not told. */
  readonly channels: readonly number[];
  /** A name for people; ASCII, not empty. */
  readonly moniker: string;
  /** CometBFT's: whether transactions are indexed (`on`, `off`, or empty), and an ASCII address. */
  readonly other: { readonly txIndex: string; readonly rpcAddress: string };
  /** Names of the optional features of rxmesh's wire that the node knows; ASCII, at most 16. */
  readonly features: readonly string[];
}

const TEXT_LENGTH_MAX = 256;
const CHANNELS_MAX = 16;
const FEATURES_MAX = 16;

/**
 * Checks what a node tells of itself: every field is in its bounds and of its form.
 * @throws {RxmeshError} `RXMESH_NODE_INFO_INVALID`; the message names the field. Its `peer` is the
 *   node ID, where that is valid.
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
    featuresFault(info.features)
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

/** Printable ASCII, at most 256, that is not all spaces; or empty. */
function textFault(field: string, text: string): string | undefined {
  if (text.length > TEXT_LENGTH_MAX) return `${field} is longer than ${TEXT_LENGTH_MAX} bytes`;
  if (/[^ -~]/.test(text)) return fault(field, text, 'is not printable ASCII');
  if (/^ +$/.test(text)) return fault(field, text, 'is all spaces');
  return undefined;
}

/**
 * Whether `text` is empty, or `host:port`, or a URL that becomes a node address when an id is put
 * where addresses have it (`tcp://0.0.0.0:26656`), or such an address without host (`memory:<id>`).
 */
function isListenAddress(id: NodeId, text: string): boolean {
  return text === '' || parseListenAddress(id, text) !== undefined;
}

/** A listen address as the address of a node; undefined for what is none. */
export function parseListenAddress(id: NodeId, text: string): NodeAddress | undefined {
  if (textFault('listenAddress', text) !== undefined) return undefined;
  const hasHostAndPort = /^[^/?#]*:\d+$/.test(text);
  const address = hasHostAndPort ? `${id}@${text}` : text;
  try {
    return parseNodeAddress(text.includes('://') ? text.replace('://', `://${id}@`) : address);
  } catch {
    return undefined;
  }
}

function channelsFault(channels: readonly number[]): string | undefined {
  if (channels.length > CHANNELS_MAX) {
    return `channels: ${channels.length} of them, and ${CHANNELS_MAX} are allowed`;
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
    return `features: ${features.length} of them, and ${FEATURES_MAX} are allowed`;
  }
  return features
    .map((name) => (name === '' ? 'features: one is empty' : textFault('features', name)))
    .find((each) => each !== undefined);
}

/**
 * Checks that two nodes can do something together: they have the same block version, the same
 * network, and a channel in common, as far as both told theirs.
 * @throws {RxmeshError} `RXMESH_INCOMPATIBLE`, about `theirs.nodeId`; the message says what differs
 */
export function checkCompatible(ours: NodeInfo, theirs: NodeInfo): void {
  const difference = differenceOf(ours, theirs);
  if (difference === undefined) return;
  throw new RxmeshError('RXMESH_INCOMPATIBLE', difference, { peer: theirs.nodeId });
}

function differenceOf(ours: NodeInfo, theirs: NodeInfo): string | undefined {
  const [block, theirBlock] = [ours.protocolVersion.block, theirs.protocolVersion.block];
  if (block !== theirBlock) return `peer has block version ${theirBlock}, and we have ${block}`;
  if (ours.network !== theirs.network) {
    return `peer is on network ${quote(theirs.network)}, and we are on ${quote(ours.network)}`;
  }
  const areChannelsKnown = ours.channels.length > 0 && theirs.channels.length > 0;
  if (!areChannelsKnown || ours.channels.some((id) => theirs.channels.includes(id)))
    return undefined;
  return `peer has channels ${theirs.channels.join(', ')}, and we have ${ours.channels.join(', ')}`;
}
