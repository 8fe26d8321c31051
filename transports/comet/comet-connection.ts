import { Observable, type Subscriber, Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import { asBytes } from '../../lib/model/bytes.ts';
import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError, toRxmeshError } from '../../lib/model/error.ts';
import type { NodeId } from '../../lib/model/id.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import type { Link } from '../../lib/transport/link.ts';
import type { Connection, Self } from '../../lib/transport/transport.ts';
import { CometLink } from './comet-link.ts';
import { announcedInfo, type Announced } from './node-info.ts';
import type { LinkLimits } from './options.ts';
import { SecretHandshake } from './secret-handshake.ts';

/** What a connection needs besides its socket. */
export interface CometConnectionOptions {
  readonly limits: LinkLimits;
  readonly clock: Clock;
  /** Called when the handshake starts. */
  readonly announced: () => Announced;
  /** 32 bytes, for test vectors only. Default: a new key. */
  readonly ephemeralSeed?: Uint8Array;
}

/**
 * A connection in CometBFT's wire protocol, on either side (docs/comet.md, "The wire").
 *
 *     stream in   --key--proof--node info------packets--|
 *     handshake   --------------(link|)
 *     stream out  key----proof--node info------packets---
 */
export class CometConnection implements Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: FrameSocket;
  readonly #options: CometConnectionOptions;
  #handshake: RunningHandshake | undefined;
  #closed = false;

  /** @param socket carries a stream: the boundaries of its frames mean nothing */
  constructor(socket: FrameSocket, options: CometConnectionOptions) {
    this.direction = socket.direction;
    this.local = socket.local;
    this.remote = socket.remote;
    this.#socket = socket;
    this.#options = options;
  }

  handshake(self: Self, expected?: NodeId): Observable<Link> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.error(closed('the connection was closed before the handshake'));
        return undefined;
      }
      if (this.#handshake !== undefined) {
        subscriber.error(new TypeError('handshake must be subscribed to once'));
        return undefined;
      }
      const handshake = new RunningHandshake(this.#socket, this.#options, subscriber);
      this.#handshake = handshake;
      handshake.start(self, expected);
      return () => handshake.cancel();
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#handshake === undefined) this.#socket.destroy();
    else this.#handshake.close();
  }

  toString(): string {
    return `CometBFT connection, ${this.#socket.toString()}`;
  }
}

/** Carries bytes between a socket and first the handshake, then the link. */
class RunningHandshake {
  readonly #socket: FrameSocket;
  readonly #options: CometConnectionOptions;
  /** Waits for the link. Released once it is there, since this object lives as long as the link. */
  #subscriber: Subscriber<Link> | undefined;
  readonly #subscription = new Subscription();
  #receive: (piece: Uint8Array) => void = ignore;
  #link: CometLink | undefined;

  constructor(socket: FrameSocket, options: CometConnectionOptions, subscriber: Subscriber<Link>) {
    this.#socket = socket;
    this.#options = options;
    this.#subscriber = subscriber;
  }

  start(self: Self, expected: NodeId | undefined): void {
    this.#attempt(() => {
      const { announced, ephemeralSeed } = this.#options;
      const { direction, local } = this.#socket;
      const nodeInfo = announcedInfo(self.nodeInfo, announced(), local);
      const told = { identity: self.identity, nodeInfo };
      const handshake = new SecretHandshake({ self: told, direction, expected, ephemeralSeed });
      this.#receive = (piece) => this.#take(handshake, nodeInfo.channels, piece);
      this.#socket.send(handshake.first);
    });
    if (this.#subscriber?.closed !== false) return;
    this.#subscription.add(
      this.#socket.frames$.subscribe({
        // Converted to this realm's Uint8Array, since messages are views of what arrives.
        next: (piece) => this.#receive(asBytes(piece) ?? piece),
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

  close(): void {
    if (this.#link !== undefined) this.#link.destroy();
    else this.#fail(closed('the connection was closed during the handshake'));
  }

  #take(handshake: SecretHandshake, channels: readonly number[], piece: Uint8Array): void {
    this.#attempt(() => {
      const { send, peer } = handshake.take(piece);
      if (send !== undefined) this.#socket.send(send);
      if (peer === undefined) return;
      const { limits, clock } = this.#options;
      this.#emit(new CometLink({ socket: this.#socket, peer, channels, limits, clock }));
    });
  }

  /**
   * A separate function: closures created here live as long as the link, and must not retain the
   * state of the handshake.
   */
  #emit(link: CometLink): void {
    this.#link = link;
    this.#receive = (piece) => link.receive(piece);
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
    // While `start` is running, the subscriber's teardown is not, and more may arrive.
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
