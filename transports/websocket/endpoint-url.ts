import { type Endpoint, formatEndpoint, validateEndpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { isIpv6, isUnicastIp, normalizeIp, withoutZone } from '../../lib/model/ip.ts';

/**
 * The URL to dial for an endpoint. Its host is the endpoint's host name, if there is one, for the
 * benefit of the `Host` header and TLS; otherwise the IP, without its zone, which URLs cannot
 * contain.
 *
 * @throws {RxmeshError} `RXMESH_ENDPOINT_INVALID` if the endpoint is malformed, is not `ws` or
 *   `wss`, has neither IP nor host, or has a multicast or broadcast IP
 */
export function endpointUrl(endpoint: Endpoint): string {
  validateEndpoint(endpoint);
  const { protocol, ip, host, port, path = '' } = endpoint;
  if (protocol !== 'ws' && protocol !== 'wss')
    throw invalid(endpoint, 'its protocol must be ws or wss');
  const name = host ?? (ip === undefined ? undefined : normalizeIp(withoutZone(ip)));
  if (name === undefined) throw invalid(endpoint, 'it must have an IP or a host');
  if (ip !== undefined && !isUnicastIp(ip))
    throw invalid(endpoint, 'it is a multicast or broadcast address');
  const authority = isIpv6(name) ? `[${name}]` : name;
  const text = `${protocol}://${authority}${port === undefined ? '' : `:${port}`}`;
  // A name must not smuggle in other parts of a URL, such as a user or a path. Invisible characters
  // would be stripped from the URL, and another name dialed.
  if (!URL.canParse(text) || /[\p{C}\s/?#@\\]/u.test(name))
    throw invalid(endpoint, 'its host is not a valid name');
  try {
    return text + pathname(path);
  } catch (cause) {
    throw invalid(endpoint, 'its path is malformed', cause);
  }
}

/**
 * Encodes a path, which is plain text: `#` and what URLs do not allow are escaped; `?` starts a
 * query.
 */
function pathname(path: string): string {
  return encodeURI(path.startsWith('/') ? path : `/${path}`).replaceAll('#', '%23');
}

function invalid(endpoint: Endpoint, why: string, cause?: unknown): RxmeshError {
  const message = `cannot dial ${formatEndpoint(endpoint)}: ${why}`;
  return new RxmeshError('RXMESH_ENDPOINT_INVALID', message, { cause });
}
