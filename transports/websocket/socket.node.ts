import type { IncomingMessage } from 'node:http';
import { connect, type LookupFunction, Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Observable, type Subscription } from 'rxjs';
import { WebSocket } from 'ws';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { errorOf } from '../../lib/model/error.ts';
import { zoneOf } from '../../lib/model/ip.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { endpointUrl } from './endpoint-url.ts';
import { listen, serverProblems } from './listen.node.ts';
import { NodeSocket, wsLimits } from './frame-socket.node.ts';
import type { TlsOptions, WebSocketDialOptions } from './options.ts';
import type { DialRequest, WebSocketPlatform } from './platform.ts';
import { subprotocolFault } from './subprotocol.ts';
import { turnsOf } from '../../lib/transport/turns.ts';

/** How many characters of an HTTP answer an error quotes. */
const answerLengthMax = 100;
/** How long to wait for these, once the status is there, in milliseconds. */
const answerBodyMs = 1_000;

/** WebSockets in Node, based on ws. */
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
    // Kept until the socket is open, since ws also reports a cancelled attempt as an error.
    ws.on('error', fail);
    ws.once('unexpected-response', (_request, response) => {
      subscriber.add(answerOf(response, clock, (text) => fail(new Error(text))));
    });
    ws.once('upgrade', (response) => {
      stream = response.socket;
    });
    ws.once('open', () => {
      const fault = subprotocolFault(ws.protocol);
      if (fault !== undefined) {
        fail(new Error(fault));
        return;
      }
      open = true;
      ws.off('error', fail);
      const { protocol } = endpoint;
      // Bun's ws does not report the upgrade.
      const tcp = stream ?? new Socket();
      const turns = turnsOf(clock, setImmediate);
      // Our response to the first frame, an introduction and what follows it, goes out in one
      // write.
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
 * Reads what a server answers instead of opening a WebSocket, as far as it is of use in a message,
 * and comes in time: it may never end. Returns what stops reading.
 */
function answerOf(
  response: IncomingMessage,
  clock: Clock,
  answered: (text: string) => void,
): Subscription {
  const { statusCode = 0, statusMessage = '' } = response;
  let body = '';
  const report = (): void => {
    const said = body.slice(0, answerLengthMax);
    const status = `${statusCode} ${statusMessage}`.trim().slice(0, answerLengthMax);
    answered(`the server answered ${status}${said === '' ? '' : `: ${said}`}`);
  };
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    body += text;
    if (body.length >= answerLengthMax) report();
  });
  response.once('end', report);
  response.once('error', report);
  const reading = clock.schedule(report, answerBodyMs);
  reading.add(() => response.destroy());
  return reading;
}

/**
 * With a host name, the URL contains the name, for the `Host` header and TLS, while the lookup
 * returns the IP that the address has already been resolved to.
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
 * Connects to an IPv6 address with a zone. Neither URLs nor certificates have zones, so with TLS
 * the address is verified without it.
 */
function connectionTo(ip: string, isSecure: boolean): (options: ConnectionOptions) => Socket {
  return (options) => {
    const socket = connect({ host: ip, port: options.port ?? 0 });
    if (!isSecure) return socket;
    const { servername = '' } = options;
    const secured = connectTls({ ...options, path: undefined, socket, servername });
    // A cancelled dial may still be connecting.
    return secured.once('close', () => socket.destroy());
  };
}

/**
 * Node does not catch exceptions from `checkServerIdentity`; an error that it returns fails the
 * dial.
 */
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

/** ws passes a mask of zeros to be filled in. */
function leaveZeros(): void {
  return undefined;
}
