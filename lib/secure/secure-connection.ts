import { platformCrypto } from '#platform/crypto';
import { Observable } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { assertPlatform } from '../model/assert-platform.ts';
import { asBytes } from '../model/bytes.ts';
import type { NodeId } from '../model/id.ts';
import type { FrameSocket } from '../transport/frame-socket.ts';
import type { Link } from '../transport/link.ts';
import type { Connection, Self } from '../transport/transport.ts';
import { DialerHandshake, HandshakeStart, ListenerHandshake } from './handshake.ts';
import type { Protection } from './hello.ts';
import { closed, type HandshakeSteps, RunningHandshake, tooLate } from './running-handshake.ts';
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
  /**
   * Whether to offer AES-256-GCM for long records where this machine is faster with it. Default
   * true. False where a run must not depend on the machine, as in a simulation.
   */
  readonly aes?: boolean;
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
      return new SecureConnection(socket, dialer.protection, (used, self, expected) => {
        return dialing(used, new DialerHandshake({ self, start: dialer, expected }));
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
  return new SecureConnection(socket, options.protection ?? 'encrypted', (used, self) => {
    const start = begin(options);
    const dialerHello = asBytes(hello) ?? hello;
    return listening(used, new ListenerHandshake({ self, start, dialerHello }));
  });
}

function begin(options: SecureConnectionOptions): HandshakeStart {
  checkSeed(options);
  assertPlatform();
  const { protection = 'encrypted', ephemeralSeed, aes = true } = options;
  const offered = aes && protection === 'encrypted' ? platformCrypto.fastAes256Gcm() : undefined;
  return new HandshakeStart(protection, ephemeralSeed, offered);
}

function checkSeed({ ephemeralSeed }: SecureConnectionOptions): void {
  const seedBytes = ephemeralSeed?.length ?? 32;
  if (seedBytes !== 32) {
    throw new RangeError(`ephemeralSeed must be 32 bytes, got ${seedBytes}`);
  }
}

type Start = (socket: FrameSocket, self: Self, expected: NodeId | undefined) => HandshakeSteps;

function dialing(socket: FrameSocket, handshake: DialerHandshake): HandshakeSteps {
  return {
    take: (frame) => {
      try {
        const { peer, introduction } = handshake.prove(frame);
        return { send: introduction, link: () => new SecureLink(socket, peer) };
      } catch (refusal) {
        const { farewell: send } = handshake;
        if (send === undefined) throw refusal;
        return { send, refusal };
      }
    },
  };
}

function listening(socket: FrameSocket, handshake: ListenerHandshake): HandshakeSteps {
  return {
    first: handshake.answer,
    take: (frame) => {
      const peer = handshake.prove(frame);
      return { link: () => new SecureLink(socket, peer) };
    },
  };
}

class SecureConnection implements Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  #socket: FrameSocket;
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
      const socket = this.#socket;
      const handshake = new RunningHandshake(socket, subscriber);
      this.#handshake = handshake;
      handshake.start(() => start(socket, self, expected));
      return () => handshake.cancel();
    });
  }

  close(reason?: string): void {
    this.#closed = true;
    this.#start = undefined;
    if (this.#handshake === undefined) this.#socket.destroy(reason);
    else this.#handshake.close(reason);
  }

  wrapSocket(wrap: (socket: FrameSocket) => FrameSocket): void {
    if (this.#handshake !== undefined) throw tooLate();
    this.#socket = wrap(this.#socket);
  }

  toString(): string {
    return `${this.#protection} connection, ${this.#socket.toString()}`;
  }
}
