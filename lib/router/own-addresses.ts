import type { NodeAddress } from '../model/address.ts';
import { mustBe } from '../model/described.ts';
import { endpointToAddress, type Endpoint } from '../model/endpoint.ts';
import { isIpv6, isUnspecifiedIp } from '../model/ip.ts';
import type { NodeId } from '../model/node-id.ts';
import { ADDRESSES_MAX, parseListenAddress } from '../model/node-info.ts';
import { type ConnectionEnds, isDialable, isInReach } from '../model/reach.ts';

/** What this node may advertise about itself. */
export interface OwnAddresses {
  readonly id: NodeId;
  /** Where the transports listen. */
  readonly endpoints: readonly Endpoint[];
  /** The addresses to advertise instead of `endpoints`. */
  readonly advertise: readonly NodeAddress[] | undefined;
}

/**
 * This node's own addresses for one peer: those at which the peer may be able to dial it, the first
 * 8 at most. In place of "all interfaces" stands the IP address at our end of the connection.
 */
export function ownAddressesFor(
  ends: ConnectionEnds,
  { id, endpoints, advertise }: OwnAddresses,
): readonly NodeAddress[] {
  const own = advertise ?? endpoints.map((each) => endpointToAddress(specific(each, ends), id));
  return own.filter((address) => isInReach(address, ends)).slice(0, ADDRESSES_MAX);
}

/** The endpoint, with the IP address at our end of the connection if it listens at all of them. */
function specific(endpoint: Endpoint, { local }: ConnectionEnds): Endpoint {
  if (endpoint.ip === undefined || local.ip === undefined || !isUnspecifiedIp(endpoint.ip)) {
    return endpoint;
  }
  // `::` also listens on IPv4, but `0.0.0.0` does not listen on IPv6.
  const isHeard = isIpv6(endpoint.ip) || !isIpv6(local.ip);
  return isHeard ? { ...endpoint, ip: local.ip } : endpoint;
}

const anAddress = 'an address of this node, such as wss://example.com/p2p';

/** Checks the option `advertise`. Adds what is wrong with it to `faults`. */
export function checkAdvertise(
  given: unknown,
  id: NodeId,
  faults: string[],
): readonly NodeAddress[] | undefined {
  if (given === undefined) return undefined;
  if (given === false) return [];
  if (!Array.isArray(given) || given.length > ADDRESSES_MAX) {
    faults.push(
      mustBe('advertise', `false or a list of at most ${ADDRESSES_MAX} addresses`, given),
    );
    return [];
  }
  return given.flatMap((each: unknown, i) => {
    const address = typeof each === 'string' ? ownAddress(each, id) : undefined;
    if (address === undefined) faults.push(mustBe(`advertise[${i}]`, anAddress, each));
    return address ?? [];
  });
}

/** Parses an address of this node, with or without its ID; undefined if nobody could dial it. */
function ownAddress(text: string, id: NodeId): NodeAddress | undefined {
  const address = parseListenAddress(id, text.replace(`${id}@`, ''));
  if (address?.host !== undefined && !isDialable(address.host)) return undefined;
  return address;
}
