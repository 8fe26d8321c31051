import type { IncomingMessage } from 'node:http';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { quote } from '../../lib/model/quote.ts';
import type { Refusal } from '../../lib/transport/transport.ts';
import { endpointOf } from './frame-socket.node.ts';
import type { WebSocketListenOptions } from './options.ts';
import { allowsOrigin } from './origins.ts';

/**
 * A name, an IPv4 address or an IPv6 address in brackets, with an optional port (RFC 9110 §7.2).
 */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** A refused upgrade request: the HTTP status for the client, and what is reported on this side. */
export interface RefusedUpgrade extends Refusal {
  readonly status: 400 | 403;
  /** For the client. */
  readonly text: string;
}

/**
 * Checks a request on our path. Returns why it is refused, or undefined if it may become a
 * WebSocket.
 */
export function refusalOf(
  request: IncomingMessage,
  { origins, host: name }: WebSocketListenOptions,
  { protocol, remote }: { readonly protocol: string; readonly remote: Endpoint },
): RefusedUpgrade | undefined {
  const { headers, socket } = request;
  const fault = upgradeFault(request);
  if (fault !== undefined) {
    const text = `an upgrade request was refused: ${fault}`;
    const error = new RxmeshError('RXMESH_UPGRADE_INVALID', text);
    return { status: 400, remote, error, text: fault };
  }
  // In version 8 of the protocol, which ws accepts, the header had another name.
  const origin = headers.origin ?? headers['sec-websocket-origin']?.toString();
  if (origin === undefined) return undefined;
  const { ip } = endpointOf(protocol, socket.localAddress, undefined);
  const requested = { host: headers.host ?? '', ip, isSecure: protocol === 'wss', name };
  if (allowsOrigin(origins, origin, requested)) return undefined;
  const text = `a page from ${quote(origin)} may not connect: to allow it, add it to listen.origins`;
  const error = new RxmeshError('RXMESH_ORIGIN_REFUSED', text);
  return { status: 403, remote, error, text: 'pages from this origin may not connect' };
}

/**
 * Checks an upgrade request for faults that Node lets pass; undefined if there are none. A proxy in
 * front may interpret such a request differently from Node, and then forward one client's bytes as
 * another's (request smuggling).
 */
function upgradeFault(request: IncomingMessage): string | undefined {
  const { httpVersion, headers, rawHeaders } = request;
  // RFC 9110 §7.8: a server ignores upgrades in HTTP/1.0. RFC 6455 §4.1 requires 1.1.
  if (httpVersion !== '1.1') return `it is HTTP/${httpVersion}, not HTTP/1.1`;
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  // RFC 9112 §3.2. Node uses the first one, while a proxy may use the last.
  if (hosts.length !== 1) return `it has ${hosts.length} Host headers, not one`;
  if (!HOST.test(headers.host ?? '')) return 'its Host header is malformed';
  // What follows would be a WebSocket to one side and a body to the other.
  for (const name of ['content-length', 'transfer-encoding']) {
    if (headers[name] !== undefined) return `it has a body (${name})`;
  }
  return undefined;
}
