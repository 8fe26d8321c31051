import type { NodeAddress } from './address.ts';
import { RxmeshError } from './error.ts';
import { isNodeId, type NodeId } from './id.ts';
import { uncheckedNodeId } from './node-id.ts';
import { isIpv6, normalizeIp } from './ip.ts';
import { quote } from './quote.ts';
import {
  escapePart,
  escapePath,
  formatHostPort,
  isPort,
  isProtocol,
  withLeadingSlash,
} from './url-text.ts';

/**
 * A place where a transport dials or listens: a protocol with an IP and port, or with a path.
 * `resolve` turns a node address into endpoints.
 */
export interface Endpoint {
  /** The transport's URL scheme, in lower case: `ws`, `wss`, `memory`. */
  readonly protocol: string;
  /**
   * An IPv4 or IPv6 address without brackets. An IPv4-mapped IPv6 address is stored as IPv4. An
   * IPv6 address may carry a zone (`fe80::1%eth0`): the interface of this machine to dial through.
   */
  readonly ip?: string;
  /**
   * The name that `ip` was resolved from. TLS checks it. A platform without DNS, such as a browser,
   * dials it instead of an IP.
   */
  readonly host?: string;
  /** 1 to 65,535; if absent, the protocol's default, or unknown. */
  readonly port?: number;
  readonly path?: string;
}

/**
 * Formats an endpoint for people and logs: `ws://1.2.3.4:80/path`, `memory:<id>`. An invalid
 * endpoint is written as well as possible. An IPv6 address has brackets only before a port.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  const { protocol, path = '' } = endpoint;
  const place = formatPlace(endpoint);
  const isOpaque = place === '' && (path === '' || isNodeId(path));
  if (protocol !== '' && isOpaque) return `${escapePart(protocol)}:${path}`;
  const scheme = protocol === '' ? '' : `${escapePart(protocol)}://`;
  return scheme + place + escapePath(withLeadingSlash(path));
}

/** The IP (or the host if there is no IP), with the port. */
function formatPlace({ ip, host, port = 0 }: Endpoint): string {
  const place = ip === undefined ? host : (normalizeIp(ip) ?? ip);
  if (place === undefined || place === '') return '';
  if (port === 0) return isIpv6(place) ? place : escapePart(place);
  return formatHostPort(place, port);
}

/**
 * Checks that an endpoint has a protocol, and an IP, a host or a path.
 * @throws {RxmeshError} `RXMESH_ENDPOINT_INVALID`
 */
export function validateEndpoint(endpoint: Endpoint): void {
  const fault = faultOf(endpoint);
  if (fault === undefined) return;
  throw new RxmeshError(
    'RXMESH_ENDPOINT_INVALID',
    `endpoint ${quote(formatEndpoint(endpoint))} ${fault}`,
  );
}

function faultOf({ protocol, ip, host, port, path = '' }: Endpoint): string | undefined {
  if (protocol === '') return 'has no protocol';
  if (!isProtocol(protocol)) return `has a malformed protocol ${quote(protocol)}`;
  if (ip !== undefined && normalizeIp(ip) === undefined) return `has a malformed IP ${quote(ip)}`;
  if (host === '') return 'has an empty host';
  const isNetworked = ip !== undefined || host !== undefined;
  if (!isNetworked && port !== undefined) return 'has a port but neither IP nor host';
  if (!isNetworked && path === '') return 'has no IP, host or path';
  if (port !== undefined && !isPort(port)) return `has port ${port}, which is not in 1 to 65535`;
  return undefined;
}

/**
 * The address of a node at an endpoint, by host name if one is known. A partial endpoint gives
 * an invalid address, because missing parts stay missing.
 * @param id empty if unknown
 */
export function endpointToAddress(
  endpoint: Endpoint,
  id: NodeId = uncheckedNodeId(''),
): NodeAddress {
  const { protocol, ip, port, path } = endpoint;
  const host = endpoint.host ?? (ip === undefined ? undefined : (normalizeIp(ip) ?? ip));
  return {
    protocol,
    id,
    ...(host !== undefined && { host }),
    ...(host !== undefined && port !== undefined && { port }),
    ...(path !== undefined && { path }),
  };
}
