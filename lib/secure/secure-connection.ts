import { Observable, type Subscriber, Subscription } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { assertPlatform } from '../model/assert-platform.ts';
import { asBytes } from '../model/bytes.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';
import type { FrameSocket } from '../transport/frame-socket.ts';
import type { Link } from '../transport/link.ts';
import type { Connection, Self } from '../transport/transport.ts';
import { Handshake } from './handshake.ts';
import type { Protection } from './hello.ts';
import { SecureLink } from './secure-link.ts';

/** How a connection is secured. */
export interface SecureConnectionOptions {
  /** Both sides need the same; default `encrypted`. */
  readonly protection?: Protection;
  /**
   * The ephemeral X25519 private key, 32 bytes, for test vectors. A key that is used twice gives the
   * secrecy of old records away. Default: a new one.
   */
  readonly ephemeralSeed?: Uint8Array;
}

/**
 * Speaks rxmesh's own wire (docs/wire.md) over a socket of frames: the handshake, then a link.
 *
 *     frames in    --hello--introduction--record--record--|
 *     handshake    ----------(link|)
 *     frames out   hello-introduction---record----
 *
 * @throws {RangeError} `ephemeralSeed` does not have 32 bytes
 */
export function secureConnection(
  socket: FrameSocket,
  options: SecureConnectionOptions = {},
): Connection {
  const seedBytes = options.ephemeralSeed?.length ?? 32;
  if (seedBytes !== 32) {
    throw new RangeError(`ephemeralSeed must have 32 bytes, not ${seedBytes}`);
  }
  return new SecureConnection(socket, options);
}

class SecureConnection implements Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: FrameSocket;
  readonly #options: SecureConnectionOptions;
  #handshake: RunningHandshake | undefined;
  #closed = false;

  constructor(socket: FrameSocket, options: SecureConnectionOptions) {
    this.direction = socket.direction;
    this.local = socket.local;
    this.remote = socket.remote;
    this.#socket = socket;
    this.#options = options;
  }

  handshake(self: Self): Observable<Link> {
    return new Observable((subscriber) => {
      if (this.#handshake !== undefined) {
        subscriber.error(new TypeError('the handshake of a connection runs once'));
        return undefined;
      }
      if (this.#closed) {
        subscriber.error(closed('the connection was closed before the handshake'));
        return undefined;
      }
      const handshake = new RunningHandshake(this.#socket, subscriber);
      this.#handshake = handshake;
      handshake.start(self, this.#options);
      return () => handshake.cancel();
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#handshake === undefined) this.#socket.destroy();
    else this.#handshake.close();
  }

  toString(): string {
    return `${this.#options.protection ?? 'encrypted'} connection, ${this.#socket.toString()}`;
  }
}

/** Carries frames between a socket and the handshake, then between the socket and the link. */
class RunningHandshake {
  readonly #socket: FrameSocket;
  /** Who waits for the link; let go with it, since this stays as long as the link does. */
  #subscriber: Subscriber<Link> | undefined;
  readonly #subscription: Subscription = new Subscription();
  #receive: (frame: Uint8Array) => void = ignore;
  #link: SecureLink | undefined;

  constructor(socket: FrameSocket, subscriber: Subscriber<Link>) {
    this.#socket = socket;
    this.#subscriber = subscriber;
  }

  start(self: Self, options: SecureConnectionOptions): void {
    this.#attempt(() => {
      assertPlatform();
      const handshake = new Handshake({
        self,
        protection: options.protection ?? 'encrypted',
        dialed: this.#socket.direction === 'outbound',
        ephemeralSeed: options.ephemeralSeed,
      });
      this.#receive = (frame) => this.#heardHello(handshake, frame);
      // In front of the subscription, which may deliver the other side's hello at once.
      this.#socket.send(handshake.hello);
    });
    if (this.#subscriber?.closed !== false) return;
    this.#subscription.add(
      this.#socket.frames$.subscribe({
        // Of this realm, whichever the socket's is: messages are views of it.
        next: (frame) => this.#receive(asBytes(frame) ?? frame),
        error: (thrown: unknown) => this.#socketEnded(failure(thrown)),
        complete: () => this.#socketEnded(),
      }),
    );
  }

  /** Closes the connection unless the link owns it. */
  cancel(): void {
    if (this.#link !== undefined) return;
    this.#receive = ignore;
    this.#subscription.unsubscribe();
    this.#socket.destroy();
  }

  close(): void {
    if (this.#link !== undefined) this.#link.destroy();
    else this.#fail(closed('the connection was closed during the handshake'));
  }

  #heardHello(handshake: Handshake, frame: Uint8Array): void {
    this.#attempt(() => {
      this.#receive = (next) => this.#heardIntroduction(handshake, next);
      this.#socket.send(handshake.introduce(frame));
    });
  }

  #heardIntroduction(handshake: Handshake, frame: Uint8Array): void {
    this.#attempt(() => {
      this.#emit(new SecureLink(this.#socket, handshake.prove(frame)));
    });
  }

  /** In a scope of its own: the functions that stay with the link would keep what the handshake used. */
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

  /** Runs a step; what it throws ends the handshake, whose teardown closes the socket. */
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
    // While `start` runs, the subscriber's teardown does not, and further frames may come.
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
