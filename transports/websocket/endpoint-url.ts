import { type Endpoint, formatEndpoint, validateEndpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { isIpv6, normalizeIp, withoutZone } from '../../lib/model/ip.ts';

/**
 * The URL to dial for an endpoint. Its host is the name, where there is one, so that the request
 * and TLS name it, else the IP; without its zone, which is no part of a URL.
 *
 * @throws {RxmeshError} `RXMESH_ENDPOINT_INVALID`: malformed, not `ws` or `wss`, without IP and
 *   host, or with an IP of many machines (multicast, broadcast)
 */
export function endpointUrl(endpoint: Endpoint): string {
  validateEndpoint(endpoint);
  const { protocol, ip, host, port, path = '' } = endpoint;
  if (protocol !== 'ws' && protocol !== 'wss') throw invalid(endpoint, 'it is not ws or wss');
  const name = host ?? (ip === undefined ? undefined : normalizeIp(withoutZone(ip)));
  if (name === undefined) throw invalid(endpoint, 'it has neither IP nor host');
  if (ip !== undefined && !isUnicast(ip)) throw invalid(endpoint, 'its IP is of many machines');
  const authority = isIpv6(name) ? `[${name}]` : name;
  const text = `${protocol}://${authority}${port === undefined ? '' : `:${port}`}`;
  // Whatever more the name says (a user, a path) is not part of a name. What is invisible would be
  // stripped from the URL, so that another name is dialed.
  if (!URL.canParse(text) || /[\p{C}\s/?#@\\]/u.test(name))
    throw invalid(endpoint, 'its host is no name');
  try {
    return text + pathname(path);
  } catch (cause) {
    throw invalid(endpoint, 'its path is malformed', cause);
  }
}

/** A path is text: `#` and what a URL does not take are escaped, `?` begins a query. */
function pathname(path: string): string {
  return encodeURI(path.startsWith('/') ? path : `/${path}`).replaceAll('#', '%23');
}

function isUnicast(ip: string): boolean {
  const normal = normalizeIp(ip) ?? '';
  // ff00::/8 is multicast (RFC 4291, 2.7).
  if (isIpv6(normal)) return !/^ff[0-9a-f]{2}:/.test(normal);
  // 224.0.0.0/4 is multicast (RFC 5771), and 240.0.0.0/4 reserved, with the broadcast address at
  // its end.
  return Number(normal.split('.')[0]) < 224;
}

function invalid(endpoint: Endpoint, why: string, cause?: unknown): RxmeshError {
  const message = `cannot dial ${formatEndpoint(endpoint)}: ${why}`;
  return new RxmeshError('RXMESH_ENDPOINT_INVALID', message, { cause });
}
