import { connect, type LookupFunction, Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Observable } from 'rxjs';
import { WebSocket } from 'ws';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { errorOf } from '../../lib/model/error.ts';
import { zoneOf } from '../../lib/model/ip.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { endpointUrl } from './endpoint-url.ts';
import { listen, serverProblems } from './listen.node.ts';
import { NodeSocket, wsLimits } from './frame-socket.node.ts';
import type { TlsOptions, WebSocketDialOptions } from './options.ts';
import type { DialRequest, WebSocketPlatform } from './platform.ts';
import { turnsOf } from './turns.node.ts';

/** WebSockets in Node, on ws. */
export const platform: WebSocketPlatform = {
  optionProblems: ({ listen: listenOptions }) => serverProblems(listenOptions ?? {}),
  dial,
  listen,
};

function dial(
  endpoint: Endpoint,
  { options, protocols, clock }: DialRequest,
): Observable<FrameSocket> {
  return new Observable((subscriber) => {
    const url = endpointUrl(endpoint);
    const fail = (cause: unknown): void => {
      subscriber.error(errorOf(cause, 'RXMESH_DIAL_FAILED', `dialing ${url}`));
    };
    let ws: WebSocket;
    try {
      ws = new WebSocket(url, [...protocols], clientOptions(endpoint, options));
    } catch (cause) {
      fail(cause);
      return undefined;
    }
    let open = false;
    let stream: Socket | undefined;
    // Stays until it is open, since ws reports an attempt that was broken off as an error, too.
    ws.on('error', fail);
    ws.once('upgrade', (response) => {
      stream = response.socket;
    });
    ws.once('open', () => {
      if (ws.protocol !== protocols[0]) {
        fail(new Error(`the other side chose ${ws.protocol}, not ${protocols[0]}`));
        return;
      }
      open = true;
      ws.off('error', fail);
      const { protocol } = endpoint;
      // The ws of Bun tells of no upgrade.
      const tcp = stream ?? new Socket();
      const turns = turnsOf(clock);
      // What answers the first frame goes in one write: an introduction, and what comes behind it.
      ws.once('message', () => tcp.cork());
      const socket = new NodeSocket({ ws, stream: tcp, direction: 'outbound', protocol, turns });
      ws.once('message', () => tcp.uncork());
      subscriber.next(socket);
      subscriber.complete();
    });
    return () => {
      if (!open) ws.terminate();
    };
  });
}

/**
 * With a name, the URL has the name, for the `Host` header and for TLS, and the look-up has the
 * answer already: the IP that the address was resolved to.
 */
function clientOptions(
  endpoint: Endpoint,
  { tls, headers, zeroMask }: WebSocketDialOptions,
): object {
  const { ip, host, protocol } = endpoint;
  const family = ip?.includes(':') === true ? 6 : 4;
  const lookup: LookupFunction = (_name, { all }, answer) => {
    if (all === true) answer(null, [{ address: ip ?? '', family }]);
    else answer(null, ip ?? '', family);
  };
  return {
    ...tls,
    ...guardedIdentityCheck(tls),
    ...wsLimits,
    headers: { ...headers },
    ...(ip === undefined ? {} : { lookup }),
    ...(host === undefined && ip !== undefined && zoneOf(ip) !== undefined
      ? { createConnection: connectionTo(ip, protocol === 'wss') }
      : {}),
    ...(zeroMask === true ? { generateMask: leaveZeros } : {}),
  };
}

/**
 * Connects to an IPv6 address with a zone. URLs have none, nor have certificates, so that with TLS
 * the address without it is checked.
 */
function connectionTo(ip: string, isSecure: boolean): (options: ConnectionOptions) => Socket {
  return (options) => {
    const socket = connect({ host: ip, port: options.port ?? 0 });
    if (!isSecure) return socket;
    const { servername = '' } = options;
    const secured = connectTls({ ...options, path: undefined, socket, servername });
    // A dial that is given up may still be connecting.
    return secured.once('close', () => socket.destroy());
  };
}

/** Node lets what `checkServerIdentity` throws escape; what it returns is the error of the dial. */
function guardedIdentityCheck(tls: TlsOptions | undefined): object {
  const check = tls?.['checkServerIdentity'];
  if (typeof check !== 'function') return {};
  const checkServerIdentity = (...args: readonly unknown[]): unknown => {
    try {
      return Reflect.apply(check, undefined, args);
    } catch (thrown) {
      return errorOf(thrown, 'RXMESH_DIAL_FAILED', 'checkServerIdentity has failed');
    }
  };
  return { checkServerIdentity };
}

/** ws hands over a mask of zeros, to be filled. */
function leaveZeros(): void {
  return undefined;
}
