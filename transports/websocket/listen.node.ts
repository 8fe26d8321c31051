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
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { endpointOf, NodeSocket, wsLimits } from './frame-socket.node.ts';
import type { ListenOptions } from './options.ts';

/** How long a client may take until its request is complete. */
const requestTimeoutMs = 10_000;
/** Connections that have not become WebSockets yet; one more is closed at once. */
const pendingMax = 256;

/** What is wrong with `listen.server`, which only Node can tell. */
export function serverProblems({ server }: ListenOptions): string[] {
  const isServer = server === undefined || ('on' in server && 'off' in server);
  return isServer ? [] : ['listen.server must be a server of node:http or node:https'];
}

/** The sockets that others open to a server of our own, or to a shared one. */
export function listen(
  options: ListenOptions,
  bound: (endpoints: readonly Endpoint[]) => void,
): Observable<FrameSocket> {
  return new Observable((subscriber) => {
    const shared = options.server as Server | undefined;
    const server = shared ?? ownServer(options, subscriber);
    if (server === undefined) return undefined;
    const protocol = server instanceof TlsServer ? 'wss' : 'ws';
    const tellBound = (): void => bound(endpointsOf(server, protocol, options.path ?? '/'));
    const stopUpgrades = takeUpgrades(server, options, protocol, subscriber);
    if (server.listening) tellBound();
    else server.once('listening', tellBound);
    const release =
      shared === undefined ? runOwn(server, options, subscriber) : watch(server, subscriber);
    return () => {
      server.off('listening', tellBound);
      stopUpgrades();
      release();
    };
  });
}

function ownServer(
  { tls }: ListenOptions,
  subscriber: Subscriber<FrameSocket>,
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
    subscriber.error(
      new RxmeshError('RXMESH_LISTEN_FAILED', 'the certificate or key cannot be used', { cause }),
    );
    return undefined;
  }
}

/** Opens a server of our own. What is returned closes it, and every connection that is no WebSocket yet. */
function runOwn(
  server: Server,
  { port = 0, host }: ListenOptions,
  subscriber: Subscriber<FrameSocket>,
): () => void {
  const pending = new Map<string, Socket>();
  let released = false;
  server.on('connection', (socket: Socket) => {
    // Without an address it was reset already, and nobody could tell who it was.
    if (pending.size >= pendingMax || socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const key = socketKey(socket);
    pending.set(key, socket);
    socket.once('close', () => pending.delete(key));
  });
  server.prependListener('upgrade', ({ socket }: IncomingMessage) => {
    pending.delete(socketKey(socket));
  });
  server.on('listening', () => {
    // A host name is looked up first, and closing does not stop that.
    if (released) server.close();
  });
  server.on('error', (cause) => {
    // While listening: one connection could not be accepted (no file handle left, say). The next may be.
    if (server.listening || released) return;
    const where = `${host ?? 'every interface'}, port ${port}`;
    const message = `cannot listen on ${where}: ${cause.message}`;
    subscriber.error(new RxmeshError('RXMESH_LISTEN_FAILED', message, { cause }));
  });
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  return () => {
    released = true;
    if (server.listening) server.close();
    for (const socket of pending.values()) socket.destroy();
  };
}

/** With TLS, the stream of a request is not the one that was accepted; they have the remote end in common. */
function socketKey({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** A shared server that is closed by its owner ends our listening, too. */
function watch(server: Server, subscriber: Subscriber<FrameSocket>): () => void {
  const onClose = (): void => {
    subscriber.error(new RxmeshError('RXMESH_LISTEN_FAILED', 'the shared server was closed'));
  };
  server.on('close', onClose);
  return () => {
    server.off('close', onClose);
  };
}

function takeUpgrades(
  server: Server,
  { path = '/', origins, server: shared }: ListenOptions,
  protocol: string,
  subscriber: Subscriber<FrameSocket>,
): () => void {
  const upgrader = new WebSocketServer({ noServer: true, clientTracking: false, ...wsLimits });
  const onUpgrade = (request: IncomingMessage, stream: Socket, head: Buffer): void => {
    const { origin } = request.headers;
    if (pathOf(request) !== path) {
      // On a shared server, the other paths are somebody else's, if there is anybody else.
      if (shared === undefined || server.listenerCount('upgrade') === 1) refuse(stream, 404);
    } else if (origin !== undefined && !allows(origins, origin)) {
      refuse(stream, 403);
    } else {
      upgrader.handleUpgrade(request, stream, head, (ws: WebSocket) => {
        if (stream.remoteAddress === undefined) ws.terminate();
        else subscriber.next(new NodeSocket(ws, stream, 'inbound', protocol));
      });
    }
  };
  server.on('upgrade', onUpgrade);
  return () => {
    server.off('upgrade', onUpgrade);
  };
}

/** The path of a request without its query; undefined when it is not encoded as it should be. */
function pathOf({ url = '' }: IncomingMessage): string | undefined {
  try {
    return decodeURIComponent(url.replace(/\?.*$/, ''));
  } catch {
    return undefined;
  }
}

function allows(origins: ListenOptions['origins'], origin: string): boolean {
  if (origins === undefined) return true;
  return typeof origins === 'function' ? origins(origin) : origins.includes(origin);
}

function refuse(stream: Socket, status: number): void {
  // A client that has gone already is no error of ours.
  stream.once('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  const reason = STATUS_CODES[status] ?? '';
  stream.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function endpointsOf(server: Server, protocol: string, path: string): readonly Endpoint[] {
  const address: AddressInfo | string | null = server.address();
  // A server on a pipe has a name, which nobody can dial from elsewhere.
  if (address === null || typeof address === 'string') return [];
  const endpoint = endpointOf(protocol, address.address, address.port);
  return [path === '/' ? endpoint : { ...endpoint, path }];
}
