import type { IncomingMessage } from 'node:http';
import { RxmeshError } from '../../lib/model/error.ts';
import { quote } from '../../lib/model/quote.ts';
import type { Refusal } from '../../lib/transport/transport.ts';
import { endpointOf } from './frame-socket.node.ts';
import type { WebSocketListenOptions } from './options.ts';
import { allowsOrigin } from './origins.ts';

/** A name or IPv4 address, or an IPv6 one in brackets, and a port or none (RFC 9110 §7.2). */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * Why a request to upgrade is refused: with which HTTP status it is answered, and what is told
 * here.
 */
export interface RefusedUpgrade extends Refusal {
  readonly status: 400 | 403;
}

/** Why a request on our path does not become a WebSocket; undefined for one that may. */
export function refusalOf(
  request: IncomingMessage,
  { origins, host: name }: WebSocketListenOptions,
  protocol: string,
): RefusedUpgrade | undefined {
  const { headers, socket } = request;
  const remote = endpointOf(protocol, socket.remoteAddress, socket.remotePort);
  const fault = upgradeFault(request);
  if (fault !== undefined) {
    const text = `a request to upgrade is refused: ${fault}`;
    return { status: 400, remote, error: new RxmeshError('RXMESH_UPGRADE_INVALID', text) };
  }
  // Version 8 of the protocol, which ws takes, had another name for it.
  const origin = headers.origin ?? headers['sec-websocket-origin']?.toString();
  if (origin === undefined) return undefined;
  const { ip } = endpointOf(protocol, socket.localAddress, undefined);
  const requested = { host: headers.host ?? '', ip, isSecure: protocol === 'wss', name };
  if (allowsOrigin(origins, origin, requested)) return undefined;
  const text = `a page of ${quote(origin)} may not connect: if it is welcome, name it in listen.origins`;
  return { status: 403, remote, error: new RxmeshError('RXMESH_ORIGIN_REFUSED', text) };
}

/**
 * What is wrong with a request to upgrade, whatever it upgrades to; undefined for a good one. Node
 * lets these pass. A proxy in front may read such a request as another one than Node does, and then
 * sends somebody's bytes where they do not belong (request smuggling).
 */
function upgradeFault(request: IncomingMessage): string | undefined {
  const { httpVersion, headers, rawHeaders } = request;
  // RFC 9110 §7.8: a server ignores an upgrade in HTTP/1.0. RFC 6455 §4.1 demands 1.1.
  if (httpVersion !== '1.1') return `it is HTTP/${httpVersion}, not HTTP/1.1`;
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  // RFC 9112 §3.2. Node keeps the first, and a proxy may go by the last.
  if (hosts.length !== 1) return `it has ${hosts.length} Host headers, not one`;
  if (!HOST.test(headers.host ?? '')) return 'its Host is no host';
  // What stands behind it is a WebSocket for one side and a body for the other.
  for (const name of ['content-length', 'transfer-encoding']) {
    if (headers[name] !== undefined) return `it has a body (${name})`;
  }
  return undefined;
}
