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
 * Where a transport can dial, or listens: a protocol with an IP and port, or with a path.
 * A node address resolves to some endpoints (`resolve`).
 */
export interface Endpoint {
  /** Scheme of the transport, in lower case: `ws`, `wss`, `memory`. */
  readonly protocol: string;
  /**
   * IPv4 or IPv6 address as text, without brackets. An IPv4 address in IPv6 form is kept as IPv4.
   * An IPv6 one may have a zone (`fe80::1%eth0`): the interface of this machine through which it is
   * dialed.
   */
  readonly ip?: string;
  /**
   * The name that `ip` was resolved from. TLS checks it; a platform without DNS (a browser) dials
   * it instead of an IP.
   */
  readonly host?: string;
  /** 1 to 65,535; absent: the protocol's default, or unknown. */
  readonly port?: number;
  readonly path?: string;
}

/**
 * An endpoint as text, for people and logs: `ws://1.2.3.4:80/path`, `memory:<id>`. One that is not
 * valid is written as far as it goes. An IPv6 address has brackets only before a port.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  const { protocol, path = '' } = endpoint;
  const place = formatPlace(endpoint);
  const isOpaque = place === '' && (path === '' || isNodeId(path));
  if (protocol !== '' && isOpaque) return `${escapePart(protocol)}:${path}`;
  const scheme = protocol === '' ? '' : `${escapePart(protocol)}://`;
  return scheme + place + escapePath(withLeadingSlash(path));
}

/** The IP, or else the host, with the port. */
function formatPlace({ ip, host, port = 0 }: Endpoint): string {
  const place = ip === undefined ? host : (normalizeIp(ip) ?? ip);
  if (place === undefined || place === '') return '';
  if (port === 0) return isIpv6(place) ? place : escapePart(place);
  return formatHostPort(place, port);
}

/**
 * Checks that an endpoint has a protocol and a place: an IP or a host, or a path.
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
 * The address of a node that is reached at an endpoint, by name where one is known. What the
 * endpoint lacks the address lacks as well, so a partial endpoint gives an address that is not
 * valid.
 * @param id empty: not known
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
