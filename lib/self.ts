import { formatEndpoint } from './model/endpoint.ts';
import type { NodeInfo } from './model/node-info.ts';
import type { RouterSettings } from './options.ts';

/** Version of rxmesh's own wire. */
const p2pVersion = 1;
/** A node info names at most so many channels. */
const channelsMax = 16;

/**
 * What this node tells of itself. The list of channels is there for the compatibility check alone, so
 * a node with more channels than the list may have leaves it empty, which skips that check.
 */
export function nodeInfoOf(settings: RouterSettings, channels: readonly number[]): NodeInfo {
  const { identity, network, version, moniker, protocolVersion, transports } = settings;
  const endpoint = transports.flatMap((transport) => transport.endpoints).find(({ ip }) => ip);
  return {
    protocolVersion: { p2p: p2pVersion, ...protocolVersion },
    nodeId: identity.id,
    listenAddress: endpoint === undefined ? '' : formatEndpoint(endpoint),
    network,
    version,
    channels: channels.length > channelsMax ? [] : channels,
    moniker,
    other: { txIndex: '', rpcAddress: '' },
    features: [],
  };
}
