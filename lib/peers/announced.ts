import type { NodeAddress } from '../model/address.ts';
import { addressesIn, type NodeInfo } from '../model/node-info.ts';
import { type ConnectionEnds, isInReach } from '../model/reach.ts';

/** A connection, and what the peer says about itself over it. */
export interface Announcement extends ConnectionEnds {
  readonly nodeInfo: NodeInfo;
}

/**
 * The addresses that a peer has announced and that this node may be able to dial: those at the IP
 * address that the peer is connected from first, since these are the most likely to be its own.
 * Pass them to `PeerManager.announced` when the peer is up.
 *
 * @param protocols the protocols of the addresses that this node can dial
 */
export function announcedAddresses(
  { nodeInfo, local, remote }: Announcement,
  protocols: readonly string[],
): readonly NodeAddress[] {
  const isNear = ({ host }: NodeAddress): boolean => host === remote.ip;
  return addressesIn(nodeInfo)
    .filter((each) => protocols.includes(each.protocol) && isInReach(each, { local, remote }))
    .sort((a, b) => Number(isNear(b)) - Number(isNear(a)));
}
