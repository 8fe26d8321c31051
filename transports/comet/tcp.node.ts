import { connect, createServer, type Socket } from 'node:net';
import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { type Endpoint, formatEndpoint, validateEndpoint } from '../../lib/model/endpoint.ts';
import { errorOf, RxmeshError } from '../../lib/model/error.ts';
import { isUnicastIp, normalizeIp, withoutZone } from '../../lib/model/ip.ts';
import { giveFrame } from '../../lib/platform/frame-buffers.node.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { turnsOf } from '../../lib/transport/turns.ts';
import { FairReads } from './fair-reads.node.ts';
import { type CometListenOptions, portDefault } from './options.ts';

/** How many bytes may be with Node but not yet with the kernel while a socket is `writable`. */
const unsentBytesMax = 262_144;
/** How long closing waits for the other side before it cuts the connection, in milliseconds. */
const closeTimeoutMs = 2_000;
/** How many connections the system queues for us. */
const backlogMax = 128;

/**
 * Opens a TCP connection, then completes.
 * @throws {RxmeshError} `RXMESH_ENDPOINT_INVALID`, `RXMESH_DIAL_FAILED`, as error notifications
 */
export function dialTcp(endpoint: Endpoint, clock: Clock): Observable<FrameSocket> {
  return new Observable((subscriber) => {
    const { ip, port = portDefault, protocol } = endpoint;
    const stream = connect({ host: unicastIp(endpoint, ip), port, noDelay: true });
    let isOpen = false;
    const fail = (cause: unknown): void => {
      const text = `dialing ${formatEndpoint(endpoint)}`;
      subscriber.error(errorOf(cause, 'RXMESH_DIAL_FAILED', text));
    };
    stream.once('error', fail);
    stream.once('connect', () => {
      isOpen = true;
      stream.off('error', fail);
      subscriber.next(new TcpSocket({ stream, direction: 'outbound', protocol, clock }));
      subscriber.complete();
    });
    return () => {
      // A cancelled attempt may still fail.
      if (!isOpen) stream.on('error', ignore).destroy();
    };
  });
}

/** @throws {RxmeshError} `RXMESH_ENDPOINT_INVALID` unless it is the address of one machine */
function unicastIp(endpoint: Endpoint, ip: string | undefined): string {
  validateEndpoint(endpoint);
  const why = endpointFault(endpoint, ip);
  if (ip !== undefined && why === undefined) return ip;
  const text = `cannot dial ${formatEndpoint(endpoint)}: ${why ?? ''}`;
  throw new RxmeshError('RXMESH_ENDPOINT_INVALID', text);
}

function endpointFault({ protocol }: Endpoint, ip: string | undefined): string | undefined {
  if (protocol !== 'tcp' && protocol !== 'mconn') return 'its protocol must be tcp or mconn';
  if (ip === undefined) return 'it must have an IP';
  return isUnicastIp(ip) ? undefined : 'it is a multicast or broadcast address';
}

/**
 * Emits the connections that other nodes open, and listens while subscribed. `bound` is called with
 * the endpoint once it is known.
 * @throws {RxmeshError} `RXMESH_LISTEN_FAILED`, as an error notification
 */
export function listenTcp(
  { port = 0, host }: CometListenOptions,
  clock: Clock,
  bound: (endpoint: Endpoint) => void,
): Observable<FrameSocket> {
  return new Observable((subscriber: Subscriber<FrameSocket>) => {
    const server = createServer({ noDelay: true });
    let released = false;
    server.on('connection', (stream) => {
      // A client that has gone already has no address.
      if (stream.remoteAddress === undefined || released) stream.on('error', ignore).destroy();
      else {
        const protocol = 'tcp';
        subscriber.next(new TcpSocket({ stream, direction: 'inbound', protocol, clock }));
      }
    });
    server.on('listening', () => {
      // A host name is looked up first, and closing the server does not cancel that.
      if (released) server.close();
      const address = server.address();
      if (address === null || typeof address !== 'object') return;
      bound(endpointOf('tcp', address.address, address.port));
    });
    server.on('error', (cause) => {
      // While listening, this concerns a single connection that could not be accepted.
      if (server.listening || released) return;
      const text = `cannot listen on ${host ?? 'every interface'}, port ${port}: ${cause.message}`;
      subscriber.error(new RxmeshError('RXMESH_LISTEN_FAILED', text, { cause }));
    });
    server.listen({ port, backlog: backlogMax, ...(host !== undefined && { host }) });
    return () => {
      released = true;
      if (server.listening) server.close();
    };
  });
}

interface TcpSocketOptions {
  readonly stream: Socket;
  readonly direction: Direction;
  readonly protocol: string;
  readonly clock: Clock;
}

/** A TCP connection. Its frames are whatever pieces of the stream arrive. */
class TcpSocket implements FrameSocket {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly frames$: Observable<Uint8Array>;
  readonly drained$: Observable<void>;

  readonly #stream: Socket;
  readonly #clock: Clock;
  readonly #drained = new Subject<void>();
  readonly #reads: FairReads;
  #reader: Subscriber<Uint8Array> | undefined;
  /** What was written and is not with the kernel yet, in order. */
  readonly #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  /** Whether `writable` has been false since `drained$` last emitted. */
  #full = false;
  #tellingDrained: NodeJS.Immediate | undefined;
  #closeTimer: Subscription | undefined;
  #failure: RxmeshError | undefined;
  #ended = false;

  constructor({ stream, direction, protocol, clock }: TcpSocketOptions) {
    this.#stream = stream;
    this.#clock = clock;
    this.direction = direction;
    this.local = endpointOf(protocol, stream.localAddress, stream.localPort);
    this.remote = endpointOf(protocol, stream.remoteAddress, stream.remotePort);
    this.drained$ = this.#drained.asObservable();
    this.#reads = new FairReads(stream, turnsOf(clock, setImmediate), (read) =>
      this.#reader?.next(read),
    );
    this.frames$ = new Observable((subscriber) => this.#readTo(subscriber));
    stream.on('error', (cause) => this.#failed(cause));
    stream.on('close', () => this.#gone());
  }

  get writable(): boolean {
    return !this.#ended && this.#unsentBytes < unsentBytesMax;
  }

  send(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#unsent.push(frame);
    this.#unsentBytes += frame.length;
    if (this.#unsentBytes >= unsentBytesMax) this.#full = true;
    this.#stream.write(frame, this.#onSent);
  }

  get arrivedBytes(): number {
    return this.#stream.bytesRead;
  }

  pause(paused: boolean): void {
    this.#reads.pause(paused);
  }

  close(): void {
    if (this.#ended) return;
    this.#end();
    this.#stream.end();
    // Reads on, dropping everything: otherwise the end of the other side would not arrive.
    this.#stream.resume();
    const cut = (): void => void this.#stream.destroy();
    this.#closeTimer = this.#clock.schedule(cut, closeTimeoutMs);
  }

  destroy(): void {
    this.#end();
    this.#stream.destroy();
  }

  get closed(): boolean {
    return this.#stream.closed;
  }

  toString(): string {
    const arrow = this.direction === 'outbound' ? '->' : '<-';
    return `${formatEndpoint(this.local)} ${arrow} ${formatEndpoint(this.remote)}`;
  }

  #readTo(subscriber: Subscriber<Uint8Array>): (() => void) | undefined {
    if (this.#reader !== undefined) {
      subscriber.error(new TypeError('frames$ must be subscribed to once'));
      return undefined;
    }
    this.#reader = subscriber;
    if (this.#failure !== undefined) subscriber.error(this.#failure);
    else if (this.#ended || this.#stream.destroyed) subscriber.complete();
    this.#reads.start();
    // What has arrived may still wait for its turn.
    this.#stream.on('end', () => this.#reads.end(() => subscriber.complete()));
    return () => this.#reads.stop();
  }

  /** Created once for all frames: called for each one that the kernel has taken. */
  readonly #onSent = (): void => {
    const frame = this.#unsent.shift();
    if (frame !== undefined) {
      this.#unsentBytes -= frame.length;
      giveFrame(frame);
    }
    if (!this.#full || this.#ended || this.#unsentBytes >= unsentBytesMax) return;
    // Deferred: a writer that kept responding within this tick would stop the event loop.
    this.#tellingDrained ??= setImmediate(() => {
      this.#tellingDrained = undefined;
      if (!this.writable) return;
      this.#full = false;
      this.#drained.next();
    });
  };

  #failed(cause: Error): void {
    const text = `${this.toString()}: ${cause.message}`;
    this.#failure = new RxmeshError('RXMESH_CONNECTION_FAILED', text, { cause });
    const { isPaused } = this.#reads;
    this.#over();
    const fail = (): void => this.#reader?.error(this.#failure);
    // A reader that has paused is told at once: it may never go on.
    if (isPaused) fail();
    else this.#reads.end(fail);
  }

  #gone(): void {
    this.#closeTimer?.unsubscribe();
    this.#over();
  }

  /** This side ends it: what has arrived and was not taken is dropped. */
  #end(): void {
    this.#reads.stop();
    this.#over();
  }

  #over(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#tellingDrained !== undefined) clearImmediate(this.#tellingDrained);
    this.#drained.complete();
  }
}

function ignore(): void {
  return undefined;
}

/** The address of a socket or server as an endpoint. A malformed zone is left out. */
function endpointOf(
  protocol: string,
  address: string | undefined,
  port: number | undefined,
): Endpoint {
  const ip = normalizeIp(address ?? '') ?? normalizeIp(withoutZone(address ?? ''));
  return { protocol, ...(ip !== undefined && { ip }), ...(port !== undefined && { port }) };
}
