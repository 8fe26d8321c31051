import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { Observable, type Subscriber } from 'rxjs';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../../lib/flow/clock.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { mustBe } from '../../lib/model/described.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { Refusal } from '../../lib/transport/transport.ts';
import { endpointOf, NodeSocket, wsLimits } from './frame-socket.node.ts';
import type { WebSocketListenOptions } from './options.ts';
import { Pending } from './pending.node.ts';
import type { DialedSocket } from './platform.ts';
import { clientOf, proxyRanges } from './forwarded.node.ts';
import { answersForOthers, leavePath, takePath } from './shared-paths.node.ts';
import { helloOffered, wireProtocol } from './subprotocol.ts';
import { turnsOf } from '../../lib/transport/turns.ts';
import { refusalOf } from './upgrade-request.node.ts';

/** How long a client may take to complete its request. */
const requestTimeoutMs = 10_000;
/**
 * How many connections the system queues for us. Node accepts all of them in one turn, at a quarter
 * of a millisecond each.
 */
const backlogMax = 128;
/** Checks `listen.server`, which is only possible in Node. */
export function serverProblems({ server }: WebSocketListenOptions): string[] {
  const given: unknown = server;
  const isObject = typeof given === 'object' && given !== null;
  const isServer = given === undefined || (isObject && 'on' in given && 'off' in given);
  return isServer ? [] : [mustBe('listen.server', 'a server of node:http or node:https', given)];
}

/** Emits the sockets that other nodes open to our own server, or to a shared one. */
export function listen(
  options: WebSocketListenOptions,
  bound: (endpoints: readonly Endpoint[]) => void,
  refused: (refusal: Refusal) => void = () => undefined,
  clock: Clock = systemClock,
): Observable<DialedSocket> {
  return new Observable((subscriber) => {
    const shared = options.server as Server | undefined;
    const server = shared ?? ownServer(options, subscriber);
    if (server === undefined) return undefined;
    const protocol = server instanceof TlsServer ? 'wss' : 'ws';
    const { path = '/' } = options;
    if (!takePath(server, path)) {
      subscriber.error(
        failed(`another transport handles ${path} of the shared server: choose another path`),
      );
      return undefined;
    }
    const reportBound = (): void => {
      const address = server.address();
      if (address !== null && typeof address === 'object') {
        bound([endpointAt(protocol, address, path)]);
      } else {
        subscriber.error(
          failed('the shared server must listen on a port: nodes cannot dial a pipe'),
        );
      }
    };
    const turns = turnsOf(clock, setImmediate);
    const open = ({ ws, stream, hello, remote }: Opened): void => {
      if (stream.remoteAddress === undefined) {
        ws.terminate();
        return;
      }
      const socket = new NodeSocket({ ws, stream, direction: 'inbound', protocol, remote, turns });
      // Many may arrive in one turn, and each starts a handshake.
      turns.take({
        visit: () => {
          if (subscriber.closed) socket.destroy();
          else subscriber.next({ socket, hello });
          return false;
        },
      });
    };
    const upgrades = { protocol, refused, open };
    const stopUpgrades = takeUpgrades(server, path, options, upgrades, subscriber);
    if (server.listening) reportBound();
    else server.once('listening', reportBound);
    const release =
      shared === undefined ? runOwn(server, options, subscriber) : watch(server, subscriber);
    return () => {
      server.off('listening', reportBound);
      stopUpgrades();
      leavePath(server, path);
      release();
    };
  });
}

function ownServer(
  { tls }: WebSocketListenOptions,
  subscriber: Subscriber<DialedSocket>,
): Server | undefined {
  const http = {
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 1_000,
    maxHeaderSize: 8_192,
  };
  const refuse = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end(STATUS_CODES[426]);
  };
  if (tls === undefined) return createServer(http, refuse);
  try {
    const own: object = { handshakeTimeout: requestTimeoutMs, ...tls, ...http };
    return createTlsServer(own, refuse);
  } catch (cause) {
    subscriber.error(failed('the certificate or key cannot be used', cause));
    return undefined;
  }
}

function failed(message: string, cause?: unknown): RxmeshError {
  return new RxmeshError('RXMESH_LISTEN_FAILED', message, { cause });
}

/**
 * Starts our own server. The function returned closes it, along with all connections that are not
 * WebSockets yet.
 */
function runOwn(
  server: Server,
  { port = 0, host }: WebSocketListenOptions,
  subscriber: Subscriber<DialedSocket>,
): () => void {
  // A client that is slow, and no idler, can tell this from a broken line. Behind TLS there may be
  // no way yet to say it.
  const pending = new Pending((socket) => {
    if (server instanceof TlsServer) socket.destroy();
    else refuse(socket, 503, 'too many connections, try again later');
  });
  let released = false;
  server.on('connection', (socket: Socket) => pending.add(socket));
  server.prependListener('upgrade', ({ socket }: IncomingMessage) => pending.delete(socket));
  server.on('listening', () => {
    // A host name is looked up first, and closing the server does not cancel that.
    if (released) server.close();
  });
  server.on('error', (cause) => {
    // While listening, this concerns a single connection that could not be accepted, for example
    // for lack of file handles. The next one may succeed.
    if (server.listening || released) return;
    const where = `${host ?? 'every interface'}, port ${port}`;
    subscriber.error(failed(`cannot listen on ${where}: ${cause.message}`, cause));
  });
  server.listen({ port, backlog: backlogMax, ...(host === undefined ? {} : { host }) });
  return () => {
    released = true;
    if (server.listening) server.close();
    pending.destroyAll();
  };
}

/** Fails `subscriber` when the owner of a shared server closes it. */
function watch(server: Server, subscriber: Subscriber<DialedSocket>): () => void {
  const onClose = (): void => {
    subscriber.error(failed('the shared server was closed'));
  };
  server.on('close', onClose);
  return () => {
    server.off('close', onClose);
  };
}

/** What to do with requests on our path. */
interface Upgrades {
  readonly protocol: string;
  readonly refused: (refusal: Refusal) => void;
  readonly open: (opened: Opened) => void;
}

/** A request that has become a WebSocket. */
interface Opened {
  readonly ws: WebSocket;
  readonly stream: Socket;
  readonly hello: Uint8Array;
  readonly remote: Endpoint;
}

function takeUpgrades(
  server: Server,
  path: string,
  options: WebSocketListenOptions,
  { protocol, refused, open }: Upgrades,
  subscriber: Subscriber<DialedSocket>,
): () => void {
  const handleProtocols = (): string => wireProtocol;
  const upgrader = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    handleProtocols,
    ...wsLimits,
  });
  const proxies = proxyRanges(options.trustedProxies ?? []);
  const onUpgrade = (request: IncomingMessage, stream: Socket, head: Buffer): void => {
    const isOurs = pathOf(request) === path;
    const client = clientOf(request, proxies);
    const remote = endpointOf(protocol, client.ip, client.port);
    const refusal = isOurs ? refusalOf(request, options, { protocol, remote }) : undefined;
    if (!isOurs) {
      // On a shared server, other paths belong to other listeners, if there are any.
      if (options.server === undefined || answersForOthers(server, path)) refuse(stream, 404);
    } else if (refusal !== undefined) {
      const { text, ...reported } = refusal;
      refuse(stream, reported.status, text);
      refused(reported);
    } else {
      const hello = helloOffered(request.headers['sec-websocket-protocol']);
      if (typeof hello === 'string') {
        refuse(stream, 400, hello);
        refused({
          remote,
          error: new RxmeshError(
            'RXMESH_UPGRADE_INVALID',
            `an upgrade request was refused: ${hello}`,
          ),
        });
        return;
      }
      // The 101 and our immediate answer to the hello go out in one write.
      stream.cork();
      try {
        upgrader.handleUpgrade(request, stream, head, (ws: WebSocket) =>
          open({ ws, stream, hello, remote }),
        );
      } catch (cause) {
        // Another WebSocket server also handles this path, and has taken this request.
        subscriber.error(
          failed(`another WebSocket server handles ${path}: give it noServer: true`, cause),
        );
      } finally {
        stream.uncork();
      }
    }
  };
  server.on('upgrade', onUpgrade);
  return () => {
    server.off('upgrade', onUpgrade);
  };
}

/** The path of a request without its query; undefined if it is not encoded correctly. */
function pathOf({ url = '' }: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent(url.replace(/\?.*$/, ''));
  } catch {
    return undefined;
  }
}

function refuse(stream: Socket, status: number, text = ''): void {
  // A client that has already gone is not our problem.
  stream.once('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  const reason = STATUS_CODES[status] ?? '';
  const head = `Connection: close\r\nContent-Length: ${text.length}\r\n`;
  stream.end(`HTTP/1.1 ${status} ${reason}\r\n${head}\r\n${text}`);
}

function endpointAt(protocol: string, { address, port }: AddressInfo, path: string): Endpoint {
  const endpoint = endpointOf(protocol, address, port);
  return path === '/' ? endpoint : { ...endpoint, path };
}
