import { formatEndpoint, type Endpoint } from '../../lib/model/endpoint.ts';
import { isUnspecifiedIp } from '../../lib/model/ip.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import { CHANNELS_END } from './packets.ts';

/** What a transport adds to the node info of its node. */
export interface Announced {
  readonly p2pVersion: number;
  /** Where the transport listens. */
  readonly endpoints: readonly Endpoint[];
}

/**
 * The node info as announced on this wire: channels below 0x80, the version of CometBFT's protocol,
 * and a listen address with a port, since CometBFT refuses any other.
 *
 * @param local this end of the connection
 * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED` if no channel can be announced
 */
export function announcedInfo(info: NodeInfo, announced: Announced, local: Endpoint): NodeInfo {
  const channels = info.channels.filter((id) => id < CHANNELS_END);
  if (channels.length === 0) {
    const rule = 'a node on this wire must have 1 to 16 open channels with ids below 0x80';
    const what = 'open them before it connects, and no more than 16 in all';
    throw new RxmeshError('RXMESH_HANDSHAKE_FAILED', `${rule}: ${what}`);
  }
  return {
    ...info,
    protocolVersion: { ...info.protocolVersion, p2p: announced.p2pVersion },
    listenAddress: listenAddressOf(info, announced, local),
    channels,
    features: [],
  };
}

function listenAddressOf(
  { addresses, listenAddress }: NodeInfo,
  { endpoints }: Announced,
  local: Endpoint,
): string {
  // Any other scheme is the address of another transport of this node.
  const own = [listenAddress, ...addresses].find((text) => /^(?:tcp:\/\/)?[^/?#]*:\d+$/.test(text));
  if (own !== undefined) return own;
  const [{ ip = '127.0.0.1', port = 0 } = {}] = endpoints;
  // CometBFT takes port 0 for a node that does not listen.
  if (port === 0) return 'tcp://127.0.0.1:0';
  const reached = isUnspecifiedIp(ip) ? (local.ip ?? ip) : ip;
  return formatEndpoint({ protocol: 'tcp', ip: reached, port });
}
