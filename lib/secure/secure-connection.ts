import { Observable, type Subscriber, Subscription } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { assertPlatform } from '../model/assert-platform.ts';
import { asBytes } from '../model/bytes.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { FrameSocket } from '../transport/frame-socket.ts';
import type { Link } from '../transport/link.ts';
import type { Connection, Self } from '../transport/transport.ts';
import {
  type AuthenticatedPeer,
  DialerHandshake,
  HandshakeStart,
  ListenerHandshake,
} from './handshake.ts';
import type { Protection } from './hello.ts';
import { SecureLink } from './secure-link.ts';

/** How to secure a connection. */
export interface SecureConnectionOptions {
  /** Both sides must use the same. Default `encrypted`. */
  readonly protection?: Protection;
  /**
   * The ephemeral X25519 private key, 32 bytes, for test vectors only: reusing a key compromises
   * the secrecy of old records. Default: a new one.
   */
  readonly ephemeralSeed?: Uint8Array;
}

/**
 * The first half of a dial: a hello to send with it, and a way to turn its socket into a
 * connection.
 */
export interface SecureDial {
  /** The dialer's hello, 37 bytes. The transport passes it to the listener as part of the dial. */
  readonly hello: Uint8Array;
  /**
   * Turns the socket of the dial into a connection. May be called once, since a hello is for one
   * connection.
   * @throws {TypeError} if called again
   */
  connect(socket: FrameSocket): Connection;
}

/**
 * Starts a dial in rxmesh's own wire protocol (docs/wire.md). The hello reveals nothing about us.
 *
 *     hello       with the dial
 *     frames in   --answer------------record--record--|
 *     handshake   --(link|)
 *     frames out  --introduction-record---------
 *
 * @throws {RangeError} if `ephemeralSeed` does not have 32 bytes
 * @throws {RxmeshError} `RXMESH_PLATFORM_UNSUPPORTED`
 */
export function secureDial(options: SecureConnectionOptions = {}): SecureDial {
  let start: HandshakeStart | undefined = begin(options);
  return {
    hello: start.hello,
    connect(socket) {
      if (start === undefined)
        throw new TypeError('connect must be called once: begin another dial');
      const dialer = start;
      // Its key could decrypt recorded traffic, so only the handshake keeps it.
      start = undefined;
      return new SecureConnection(socket, dialer.protection, (self, expected) => {
        return dialing(new DialerHandshake({ self, start: dialer, expected }));
      });
    },
  };
}

/**
 * Accepts a connection in rxmesh's own wire protocol (docs/wire.md).
 *
 *     hello       came with the dial
 *     frames in   -------introduction-record--record--|
 *     handshake   -------(link|)
 *     frames out  answer-----------------record---
 *
 * @param hello what came with the dial. Transports should reject a dial if `helloProblem` objects
 *   to it; if they cannot, the handshake fails.
 * @throws {RangeError} if `ephemeralSeed` does not have 32 bytes
 */
export function secureAccept(
  socket: FrameSocket,
  hello: Uint8Array,
  options: SecureConnectionOptions = {},
): Connection {
  checkSeed(options);
  return new SecureConnection(socket, options.protection ?? 'encrypted', (self) => {
    const start = begin(options);
    const dialerHello = asBytes(hello) ?? hello;
    return listening(new ListenerHandshake({ self, start, dialerHello }));
  });
}

function begin(options: SecureConnectionOptions): HandshakeStart {
  checkSeed(options);
  assertPlatform();
  return new HandshakeStart(options.protection ?? 'encrypted', options.ephemeralSeed);
}

function checkSeed({ ephemeralSeed }: SecureConnectionOptions): void {
  const seedBytes = ephemeralSeed?.length ?? 32;
  if (seedBytes !== 32) {
    throw new RangeError(`ephemeralSeed must be 32 bytes, got ${seedBytes}`);
  }
}

/** The steps of a handshake: possibly a frame to send immediately, and one to wait for. */
interface Steps {
  readonly first?: Uint8Array;
  /** Verifies the other side's frame. Returns the peer, and a last frame to send, if any. */
  readonly prove: (frame: Uint8Array) => {
    readonly peer: AuthenticatedPeer;
    readonly last?: Uint8Array;
  };
}

type Start = (self: Self, expected: NodeId | undefined) => Steps;

function dialing(handshake: DialerHandshake): Steps {
  return {
    prove: (frame) => {
      const { peer, introduction } = handshake.prove(frame);
      return { peer, last: introduction };
    },
  };
}

function listening(handshake: ListenerHandshake): Steps {
  return { first: handshake.answer, prove: (frame) => ({ peer: handshake.prove(frame) }) };
}

class SecureConnection implements Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: FrameSocket;
  readonly #protection: Protection;
  /** Released after the handshake, since it may hold the ephemeral key. */
  #start: Start | undefined;
  #handshake: RunningHandshake | undefined;
  #closed = false;

  constructor(socket: FrameSocket, protection: Protection, start: Start) {
    this.direction = socket.direction;
    this.local = socket.local;
    this.remote = socket.remote;
    this.#socket = socket;
    this.#protection = protection;
    this.#start = start;
  }

  handshake(self: Self, expected?: NodeId): Observable<Link> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.error(closed('the connection was closed before the handshake'));
        return undefined;
      }
      const start = this.#start;
      this.#start = undefined;
      if (start === undefined) {
        subscriber.error(new TypeError('handshake must be subscribed to once'));
        return undefined;
      }
      const handshake = new RunningHandshake(this.#socket, subscriber);
      this.#handshake = handshake;
      handshake.start(() => start(self, expected));
      return () => handshake.cancel();
    });
  }

  close(reason?: string): void {
    this.#closed = true;
    this.#start = undefined;
    if (this.#handshake === undefined) this.#socket.destroy(reason);
    else this.#handshake.close(reason);
  }

  toString(): string {
    return `${this.#protection} connection, ${this.#socket.toString()}`;
  }
}

/** Carries frames between a socket and first the handshake, then the link. */
class RunningHandshake {
  readonly #socket: FrameSocket;
  /** Waits for the link. Released once it is there, since this object lives as long as the link. */
  #subscriber: Subscriber<Link> | undefined;
  readonly #subscription: Subscription = new Subscription();
  #receive: (frame: Uint8Array) => void = ignore;
  #link: SecureLink | undefined;

  constructor(socket: FrameSocket, subscriber: Subscriber<Link>) {
    this.#socket = socket;
    this.#subscriber = subscriber;
  }

  start(begin: () => Steps): void {
    this.#attempt(() => {
      const { first, prove } = begin();
      this.#receive = (frame) => this.#onFrame(prove, frame);
      // Before subscribing, which may deliver the other side's frame synchronously.
      if (first !== undefined) this.#socket.send(first);
    });
    if (this.#subscriber?.closed !== false) return;
    this.#subscription.add(
      this.#socket.frames$.subscribe({
        // Converted to this realm's Uint8Array, since messages are views of the frame.
        next: (frame) => this.#receive(asBytes(frame) ?? frame),
        error: (thrown: unknown) => this.#socketEnded(failure(thrown)),
        complete: () => this.#socketEnded(),
      }),
    );
  }

  /** Closes the connection, unless the link owns it by now. */
  cancel(): void {
    if (this.#link !== undefined) return;
    this.#receive = ignore;
    this.#subscription.unsubscribe();
    this.#socket.destroy();
  }

  close(reason?: string): void {
    if (this.#link !== undefined) {
      this.#link.destroy();
      return;
    }
    if (this.#subscriber?.closed === false) this.#socket.destroy(reason);
    this.#fail(closed('the connection was closed during the handshake'));
  }

  #onFrame(prove: Steps['prove'], frame: Uint8Array): void {
    this.#attempt(() => {
      const { peer, last } = prove(frame);
      if (last !== undefined) this.#socket.send(last);
      this.#emit(new SecureLink(this.#socket, peer));
    });
  }

  /**
   * A separate function: closures created here live as long as the link, and must not retain the
   * state of the handshake.
   */
  #emit(link: SecureLink): void {
    this.#link = link;
    this.#receive = (frame) => link.receive(frame);
    this.#subscription.add(
      this.#socket.drained$.subscribe({
        next: () => link.socketDrained(),
        error: (thrown: unknown) => link.socketEnded(failure(thrown)),
      }),
    );
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    subscriber?.next(link);
    subscriber?.complete();
  }

  /** Runs a step. An exception ends the handshake, and its teardown closes the socket. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#fail(failure(thrown));
    }
  }

  #socketEnded(error?: RxmeshError): void {
    if (this.#link !== undefined) this.#link.socketEnded(error);
    else this.#fail(error ?? closed('the other side closed during the handshake'));
  }

  #fail(error: RxmeshError): void {
    // While `start` is running, the subscriber's teardown is not, and more frames may arrive.
    this.#receive = ignore;
    this.#subscriber?.error(error);
  }
}

function ignore(): void {
  return undefined;
}

function closed(message: string): RxmeshError {
  return new RxmeshError('RXMESH_CONNECTION_CLOSED', message);
}

function failure(thrown: unknown): RxmeshError {
  return toRxmeshError(thrown, 'RXMESH_CONNECTION_FAILED', 'the connection failed');
}
