import { BehaviorSubject, Observable, type Subscriber } from 'rxjs';
import { type Clock, systemClock } from '../../lib/flow/clock.ts';
import { guardedClock } from '../../lib/flow/guarded.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { type Endpoint, formatEndpoint } from '../../lib/model/endpoint.ts';
import { errorOf, RxmeshError } from '../../lib/model/error.ts';
import { helloProblem, type Protection, secureAccept, secureDial } from '../../lib/secure/index.ts';
import { Pending } from '../../lib/transport/pending.ts';
import type { Connection, Transport } from '../../lib/transport/transport.ts';
import { frameBytesMax } from './frames.ts';
import { KeyedConnection, type ProvenKeys } from './keyed-connection.ts';
import { endpointOf, multiaddrOf, protocol } from './multiaddr.ts';
import type { Libp2pAddress, Libp2pConnection, Libp2pStream } from './node.ts';
import { checkLibp2pOptions, type Libp2pOptions } from './options.ts';
import { ed25519KeyOf } from './peer-key.ts';
import { StreamSocket } from './stream-socket.ts';

/** rxmesh's handshake over a stream of any libp2p connection. */
const ownProtocol = '/rxmesh/1';
/** The keys are those of the libp2p connection, which has proved them. */
const keyedProtocol = '/rxmesh/1/peer-key';
/** The encryption of libp2p that proves keys. */
const proving = /^\/(?:noise|tls\/1\.0\.0)$/;
/** A hello, the first frame of a dialer (docs/wire.md). */
const helloBytes = 37;

/**
 * A transport over the streams of a libp2p node that you configure: TCP, WebSockets, QUIC, WebRTC,
 * relays, in Node and in browsers.
 *
 *     const router = createRouter({
 *       identity,
 *       network: 'demo',
 *       transports: [libp2p({ node: libp2pNode, multiaddr })],
 *     });
 *
 * An address has a node ID and a multiaddr, whose host and port are where they are in a URL:
 * `libp2p://<node ID>@192.0.2.1:4001/tcp/p2p/12D3KooW…`. `nodeAddress` makes one.
 *
 * @throws {TypeError} for invalid options
 */
export function libp2p(options: Libp2pOptions): Transport {
  checkLibp2pOptions(options);
  return new Libp2pTransport(options);
}

class Libp2pTransport implements Transport {
  readonly protocols: readonly string[] = [protocol];
  readonly incoming$: Observable<Connection>;
  readonly endpoints$: Observable<readonly Endpoint[]>;

  readonly #options: Libp2pOptions;
  readonly #clock: Clock;
  readonly #endpoints = new BehaviorSubject<readonly Endpoint[]>([]);
  #listener: Subscriber<Connection> | undefined;
  /** Registers and removes handlers one after the other. */
  #registering: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: Libp2pOptions) {
    this.#options = options;
    this.#clock = guardedClock(options.clock ?? systemClock);
    this.endpoints$ = this.#endpoints.asObservable();
    this.incoming$ = new Observable((subscriber) => this.#listen(subscriber));
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints.value;
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    return new Observable((subscriber) => {
      const aborter = new AbortController();
      this.#dial(endpoint, aborter.signal).then(
        (connection) => {
          if (subscriber.closed) connection.close();
          subscriber.next(connection);
          subscriber.complete();
        },
        (cause: unknown) => subscriber.error(cause),
      );
      return () => aborter.abort();
    });
  }

  close(): void {
    this.#closed = true;
    this.#listener?.complete();
    this.#endpoints.complete();
  }

  toString(): string {
    const [first] = this.endpoints;
    const where = first === undefined ? '' : ` on ${formatEndpoint(first)}`;
    return `the libp2p transport${where}`;
  }

  async #dial(endpoint: Endpoint, signal: AbortSignal): Promise<Connection> {
    const { node, limitedConnections = false } = this.#options;
    const address = this.#addressOf(endpoint);
    try {
      const connection = await node.dial(address, { signal });
      const keys = this.#keysOf(connection);
      const protocols = keys === undefined ? [ownProtocol] : [keyedProtocol, ownProtocol];
      const runOnLimitedConnection = limitedConnections;
      const stream = await connection.newStream(protocols, { signal, runOnLimitedConnection });
      const socket = this.#socket(stream, connection, 'outbound');
      const isKeyed = stream.protocol === keyedProtocol;
      const begun = secureDial({ protection: protectionOf(isKeyed) });
      socket.send(begun.hello);
      return keyed(begun.connect(socket), isKeyed ? keys : undefined);
    } catch (cause) {
      throw errorOf(cause, 'RXMESH_DIAL_FAILED', `dialing ${formatEndpoint(endpoint)}`);
    }
  }

  /** @throws {RxmeshError} `RXMESH_ENDPOINT_INVALID`, `RXMESH_SELF_CONNECTION` */
  #addressOf(endpoint: Endpoint): Libp2pAddress {
    const text = multiaddrOf(endpoint);
    const own = this.#options.node.peerId.toString();
    if (text.endsWith(`/p2p/${own}`)) {
      const what = `cannot dial ${formatEndpoint(endpoint)}: it is this libp2p node`;
      throw new RxmeshError('RXMESH_SELF_CONNECTION', what);
    }
    try {
      return this.#options.multiaddr(text);
    } catch (cause) {
      throw errorOf(cause, 'RXMESH_ENDPOINT_INVALID', `cannot dial ${text}`);
    }
  }

  /** The keys that a connection has proved, if they are to be used. */
  #keysOf({ encryption = '', remotePeer }: Libp2pConnection): ProvenKeys | undefined {
    const { node, sameKey = false } = this.#options;
    const own = ed25519KeyOf(node.peerId);
    const remote = ed25519KeyOf(remotePeer);
    if (!sameKey || own === undefined || remote === undefined) return undefined;
    return proving.test(encryption) ? { own, remote } : undefined;
  }

  #socket(
    stream: Libp2pStream,
    { remoteAddr, limits }: Libp2pConnection,
    direction: Direction,
  ): StreamSocket {
    return new StreamSocket({
      stream,
      direction,
      // libp2p does not say which of its addresses a connection has here.
      local: { protocol, path: `/p2p/${this.#options.node.peerId.toString()}` },
      remote: endpointOf(remoteAddr.toString()),
      isLimited: limits !== undefined,
      clock: this.#clock,
      firstFrameBytesMax: direction === 'inbound' ? helloBytes : frameBytesMax,
    });
  }

  #listen(subscriber: Subscriber<Connection>): (() => void) | undefined {
    const { node, listen = true } = this.#options;
    if (this.#closed || !listen) {
      subscriber.complete();
      return undefined;
    }
    if (this.#listener !== undefined) {
      const text = `${this.toString()} can be used by one router only`;
      subscriber.error(new RxmeshError('RXMESH_LISTEN_FAILED', text));
      return undefined;
    }
    this.#listener = subscriber;
    const pending = new Pending<Uint8Array>(this.#clock);
    const refresh = (): void => this.#endpointsChanged(subscriber);
    node.addEventListener('self:peer:update', refresh);
    this.#register(pending, subscriber).then(refresh, (cause: unknown) =>
      subscriber.error(errorOf(cause, 'RXMESH_LISTEN_FAILED', this.toString())),
    );
    return () => {
      this.#listener = undefined;
      node.removeEventListener('self:peer:update', refresh);
      pending.clear();
      if (this.endpoints.length > 0) this.#endpoints.next([]);
      this.#registering = this.#unregister();
    };
  }

  #endpointsChanged(subscriber: Subscriber<Connection>): void {
    if (this.#listener !== subscriber) return;
    const found = this.#options.node.getMultiaddrs().map((each) => endpointOf(each.toString()));
    const texts = (endpoints: readonly Endpoint[]): string =>
      endpoints.map(formatEndpoint).join(' ');
    if (texts(found) !== texts(this.endpoints)) this.#endpoints.next(found);
  }

  /** The protocols to answer to. */
  #handled(): readonly string[] {
    return this.#options.sameKey === true ? [keyedProtocol, ownProtocol] : [ownProtocol];
  }

  async #register(pending: Pending<Uint8Array>, subscriber: Subscriber<Connection>): Promise<void> {
    const { node, limitedConnections = false } = this.#options;
    const before = this.#registering;
    const registered = (async () => {
      await before;
      for (const name of this.#handled()) {
        const take = this.#takerOf(name, pending, subscriber);
        await node.handle(name, take, { runOnLimitedConnection: limitedConnections });
      }
    })();
    this.#registering = registered.catch(() => undefined);
    await registered;
  }

  async #unregister(): Promise<void> {
    await this.#registering;
    // A libp2p node that has stopped may fail to forget a protocol; nothing depends on it.
    const { node } = this.#options;
    await Promise.allSettled(this.#handled().map(async (name) => node.unhandle(name)));
  }

  /** Handles the streams of one protocol. */
  #takerOf(
    name: string,
    pending: Pending<Uint8Array>,
    subscriber: Subscriber<Connection>,
  ): (stream: Libp2pStream, connection: Libp2pConnection) => void {
    const isKeyed = name === keyedProtocol;
    const protection = protectionOf(isKeyed);
    return (stream, connection) => {
      const keys = isKeyed ? this.#keysOf(connection) : undefined;
      if (subscriber.closed || (isKeyed && keys === undefined)) {
        stream.abort(new Error('refused'));
        return;
      }
      const socket = this.#socket(stream, connection, 'inbound');
      pending.add(socket, (hello) => {
        const problem = helloProblem(hello, protection);
        if (problem === undefined) {
          subscriber.next(keyed(secureAccept(socket, hello, { protection }), keys));
        } else socket.destroy(problem);
      });
    };
  }
}

function protectionOf(isKeyed: boolean): Protection {
  return isKeyed ? 'trusted' : 'encrypted';
}

function keyed(connection: Connection, keys: ProvenKeys | undefined): Connection {
  return keys === undefined ? connection : new KeyedConnection(connection, keys);
}
