import type { Identity } from '../model/identity.ts';
import { isForOthers } from '../model/ip.ts';
import { parseListenAddress } from '../model/node-info.ts';
import type { Self } from './transport.ts';

/** Version of rxmesh's own wire, as node infos tell it. */
const p2pVersion = 2;
/** A node info names at most so many channels. */
const channelsMax = 16;

/** What a node says of itself, beside what follows from its identity. */
export interface SelfOptions {
  readonly identity: Identity;
  /** Nodes of different networks do not connect. ASCII. */
  readonly network: string;
  /** Ids of the channels that are open now: `channels.ids`. */
  readonly channels?: readonly number[];
  /** A name for people; ASCII. Default: the first 8 characters of the node ID. */
  readonly moniker?: string;
  /** Version of the application's software; ASCII. Default: empty. */
  readonly version?: string;
  /** Nodes with different block versions do not connect. Default `{ block: 0, app: 0 }`. */
  readonly protocolVersion?: { readonly block: number; readonly app: number };
  /**
   * Where the node listens, `host:port` or a URL. Default: empty, it does not. One that others
   * cannot dial is not told: on all interfaces (`0.0.0.0`, `[::]`), or with a zone.
   */
  readonly listenAddress?: string;
}

/**
 * What a node proves and tells of itself in a handshake.
 *
 * The list of channels is there for the compatibility check alone, so a node with more channels
 * than the list may have leaves it empty, which skips that check. So does one whose address to
 * listen at is longer than a node info may have it: nobody needs that to dial this node.
 */
export function selfOf(options: SelfOptions): Self {
  const { identity, network, channels = [], moniker = identity.id.slice(0, 8) } = options;
  const { version = '', protocolVersion = { block: 0, app: 0 }, listenAddress = '' } = options;
  return {
    identity,
    nodeInfo: {
      protocolVersion: { p2p: p2pVersion, ...protocolVersion },
      nodeId: identity.id,
      listenAddress: isTold(identity, listenAddress) ? listenAddress : '',
      network,
      version,
      channels: channels.length > channelsMax ? [] : channels,
      moniker,
      other: { txIndex: '', rpcAddress: '' },
      features: [],
    },
  };
}

function isTold({ id }: Identity, listenAddress: string): boolean {
  const address = parseListenAddress(id, listenAddress);
  return address !== undefined && (address.host === undefined || isForOthers(address.host));
}
