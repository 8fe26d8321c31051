import type { Identity } from '../model/identity.ts';
import { ADDRESSES_MAX, parseListenAddress } from '../model/node-info.ts';
import { isDialable } from '../model/reach.ts';
import type { Self } from './transport.ts';

/** The version of rxmesh's own wire protocol, as stated in node infos. */
const p2pVersion = 2;
/** The most channels that a node info may list. */
const channelsMax = 16;

/** What a node says about itself, apart from what follows from its identity. */
export interface SelfOptions {
  readonly identity: Identity;
  /** Nodes of different networks do not connect. ASCII. */
  readonly network: string;
  /** Ids of the channels that are open now: `channels.ids`. */
  readonly channels?: readonly number[];
  /** A human-readable name; ASCII. Default: the first 8 characters of the node ID. */
  readonly moniker?: string;
  /** The version of the application; ASCII. Default: empty. */
  readonly version?: string;
  /** Nodes with different block versions do not connect. Default `{ block: 0, app: 0 }`. */
  readonly protocolVersion?: { readonly block: number; readonly app: number };
  /**
   * Where the peer can dial this node, each as `host:port` or a URL. Default: none. Addresses that
   * other nodes cannot dial are left out: all interfaces (`0.0.0.0`, `[::]`), or one with a zone.
   * So are those that are too long for a node info, and all after the first 8.
   */
  readonly addresses?: readonly string[];
}

/**
 * Builds what a node proves and announces in a handshake.
 *
 * The list of channels only serves the compatibility check. If a node has too many channels for it,
 * the list is left empty, which skips the check.
 */
export function selfOf(options: SelfOptions): Self {
  const { identity, network, channels = [], moniker = identity.id.slice(0, 8) } = options;
  const { version = '', protocolVersion = { block: 0, app: 0 } } = options;
  const addresses = (options.addresses ?? [])
    .filter((address) => isForOthers(identity, address))
    .slice(0, ADDRESSES_MAX);
  return {
    identity,
    nodeInfo: {
      protocolVersion: { p2p: p2pVersion, ...protocolVersion },
      nodeId: identity.id,
      listenAddress: addresses[0] ?? '',
      network,
      version,
      channels: channels.length > channelsMax ? [] : channels,
      moniker,
      other: { txIndex: '', rpcAddress: '' },
      features: [],
      addresses,
    },
  };
}

function isForOthers({ id }: Identity, text: string): boolean {
  if (text === '') return false;
  const address = parseListenAddress(id, text);
  return address !== undefined && (address.host === undefined || isDialable(address.host));
}
