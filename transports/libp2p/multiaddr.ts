import { formatNodeAddress, type NodeAddress, parseNodeAddress } from '../../lib/model/address.ts';
import {
  type Endpoint,
  endpointToAddress,
  formatEndpoint,
  validateEndpoint,
} from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { type NodeId, nodeIdFromPublicKey } from '../../lib/model/id.ts';
import { isIpv6, isUnicastIp, normalizeIp, withoutZone, zoneOf } from '../../lib/model/ip.ts';
import { quote } from '../../lib/model/quote.ts';
import { keyOfPeerId } from './peer-key.ts';

/** The scheme of addresses that this transport dials. */
export const protocol = 'libp2p';

const ipParts: readonly string[] = ['ip4', 'ip6'];
const nameParts: readonly string[] = ['dns', 'dns4', 'dns6'];
/** What names a place. In a path, the rules about private networks would not see it. */
const placeParts: readonly string[] = [...ipParts, ...nameParts, 'ip6zone', 'dnsaddr', 'unix'];
const portParts: readonly string[] = ['tcp', 'udp'];
/** With these, the name counts: a certificate is for it. */
const tlsParts: readonly string[] = ['tls', 'wss', 'https'];

/**
 * The endpoint of a multiaddr. What has a host in rxmesh's addresses goes there, so that limits,
 * bans and the rules for private networks apply; the rest becomes the path.
 *
 * `/ip4/192.0.2.1/tcp/4001/ws/p2p/12D3…` is ip 192.0.2.1, port 4001 and path `/tcp/ws/p2p/12D3…`;
 * `/memory/1/p2p/12D3…` is a path alone.
 */
export function endpointOf(multiaddr: string): Endpoint {
  const [, zone, plain = multiaddr] = /^\/ip6zone\/([^/]+)(\/ip6\/.*)$/.exec(multiaddr) ?? [];
  const [, kind = '', name = '', transport = '', port = '', ...rest] = plain.split('/');
  const bare = ipParts.includes(kind) ? normalizeIp(name) : undefined;
  const ip = bare === undefined || zone === undefined ? bare : `${bare}%${zone}`;
  const isNamed = nameParts.includes(kind) && name !== '';
  const isPlace = (ip !== undefined || isNamed) && portParts.includes(transport);
  if (!isPlace || !/^[1-9]\d*$/.test(port)) return { protocol, path: multiaddr };
  const place = ip === undefined ? { host: name } : { ip };
  return { protocol, ...place, port: Number(port), path: `/${[transport, ...rest].join('/')}` };
}

/**
 * The multiaddr to dial for an endpoint.
 * @throws {RxmeshError} `RXMESH_ENDPOINT_INVALID`
 */
export function multiaddrOf(endpoint: Endpoint): string {
  validateEndpoint(endpoint);
  const { ip, host, port, path = '' } = endpoint;
  if (endpoint.protocol !== protocol) throw invalid(endpoint, 'its protocol must be libp2p');
  const [, transport = '', ...rest] = path.split('/');
  if ([transport, ...rest].some((part) => placeParts.includes(part)))
    throw invalid(endpoint, 'hosts stand in front of the path: nodeAddress makes such an address');
  if (ip === undefined && host === undefined) {
    if (rest.length === 0 || port !== undefined)
      throw invalid(endpoint, 'it must have a multiaddr');
    return path;
  }
  if (ip !== undefined && !isUnicastIp(ip))
    throw invalid(endpoint, 'it is a multicast or broadcast address');
  if (!portParts.includes(transport) || port === undefined)
    throw invalid(endpoint, 'it must have a port, and a path that begins with /tcp or /udp');
  if (host !== undefined && /[\p{C}\s/]/u.test(host))
    throw invalid(endpoint, 'its host is not a name');
  return ['', ...placeOf(endpoint, rest), transport, String(port), ...rest].join('/');
}

function placeOf({ ip, host = '' }: Endpoint, rest: readonly string[]): readonly string[] {
  if (ip === undefined) return ['dns', host];
  const isV6 = isIpv6(ip);
  if (host !== '' && rest.some((part) => tlsParts.includes(part)))
    return [isV6 ? 'dns6' : 'dns4', host];
  const zone = zoneOf(ip);
  const bare = normalizeIp(withoutZone(ip)) ?? ip;
  return [...(zone === undefined ? [] : ['ip6zone', zone]), isV6 ? 'ip6' : 'ip4', bare];
}

/**
 * The address of a node as rxmesh writes it, from a multiaddr.
 *
 *     nodeAddress('/dns4/example.com/tcp/4001/p2p/12D3KooW…')
 *     // libp2p://<node ID>@example.com:4001/tcp/p2p/12D3KooW…
 *
 * @param multiaddr where it is, as text or an object of `@multiformats/multiaddr`
 * @param id the node's ID. Default: that of the ed25519 key in its last `/p2p/`, which is right for
 *   a node whose router and libp2p node share a key
 * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID` if no ID is given and the peer ID has no ed25519
 *   key, if it is not a multiaddr, or if an address cannot have its host, port or path
 */
export function nodeAddress(multiaddr: string | { toString(): string }, id?: NodeId): NodeAddress {
  const text = String(multiaddr);
  if (!text.startsWith('/')) throw badAddress(text, 'is not a multiaddr');
  const [, peerId = ''] = /.*\/p2p\/([^/]+)/.exec(text) ?? [];
  const key = id === undefined ? keyOfPeerId(peerId) : undefined;
  const node = id ?? (key === undefined ? undefined : nodeIdFromPublicKey(key));
  if (node === undefined)
    throw badAddress(
      text,
      'must end with the peer ID of an ed25519 key, or the node ID must be given',
    );
  // The parts may come from a stranger: an address has stricter rules for hosts and lengths.
  return parseNodeAddress(formatNodeAddress(endpointToAddress(endpointOf(text), node)));
}

function badAddress(text: string, why: string): RxmeshError {
  return new RxmeshError('RXMESH_ADDRESS_INVALID', `address ${quote(text)} ${why}`);
}

function invalid(endpoint: Endpoint, why: string): RxmeshError {
  const text = `cannot dial ${formatEndpoint(endpoint)}: ${why}`;
  return new RxmeshError('RXMESH_ENDPOINT_INVALID', text);
}
