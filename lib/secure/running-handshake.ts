import { type Subscriber, Subscription } from 'rxjs';
import { asBytes } from '../model/bytes.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';
import type { FrameSocket } from '../transport/frame-socket.ts';
import type { Link } from '../transport/link.ts';

/** A link over a socket, which is told of everything that the socket has. */
export interface SocketLink extends Link {
  receive(frame: Uint8Array): void;
  socketDrained(): void;
  socketEnded(failure?: RxmeshError): void;
  /** Ends it without a bye. */
  destroy(): void;
}

/** The steps of a handshake: possibly a frame to send immediately, then one for what arrives. */
export interface HandshakeSteps {
  readonly first?: Uint8Array;
  /**
   * Checks what has arrived. Returns what to send, if anything, and how to make the link, once the
   * other side has proved itself; or why there is none although something is still to be sent.
   */
  readonly take: (frame: Uint8Array) => {
    readonly send?: Uint8Array | undefined;
    readonly link?: () => SocketLink;
    readonly refusal?: unknown;
  };
}

/**
 * Carries what arrives on a socket to the steps of a handshake first, then to the link. The
 * boundaries of frames are for the steps to know.
 */
export class RunningHandshake {
  readonly #socket: FrameSocket;
  /** Waits for the link. Released once it is there, since this object lives as long as the link. */
  #subscriber: Subscriber<Link> | undefined;
  readonly #subscription: Subscription = new Subscription();
  #receive: (frame: Uint8Array) => void = ignore;
  #link: SocketLink | undefined;
  /** Whether the socket closes by itself, once it has written what was sent last. */
  #isClosing = false;

  /** @param subscriber gets the link, or why there is none */
  constructor(socket: FrameSocket, subscriber: Subscriber<Link>) {
    this.#socket = socket;
    this.#subscriber = subscriber;
  }

  /** Begins the handshake. An exception from `begin` or a step fails it. */
  start(begin: () => HandshakeSteps): void {
    this.#attempt(() => this.#begin(begin()));
    if (this.#subscriber?.closed === false) this.#listen();
  }

  /** Closes the connection, unless the link owns it by now. */
  cancel(): void {
    if (this.#link !== undefined) return;
    this.#receive = ignore;
    this.#subscription.unsubscribe();
    if (!this.#isClosing) this.#socket.destroy();
  }

  /** Closes the connection, or the link if there is one. */
  close(reason?: string): void {
    if (this.#link !== undefined) {
      this.#link.destroy();
      return;
    }
    if (this.#isClosing) return;
    if (this.#subscriber?.closed === false) this.#socket.destroy(reason);
    this.#fail(closed('the connection was closed during the handshake'));
  }

  #begin({ first, take }: HandshakeSteps): void {
    this.#receive = (frame) => this.#onFrame(take, frame);
    // Before subscribing, which may deliver the other side's frame synchronously.
    if (first !== undefined) this.#socket.send(first);
  }

  /**
   * A separate function: closures created here live as long as the link, and must not retain the
   * state of the handshake, which has its ephemeral key.
   */
  #listen(): void {
    this.#subscription.add(
      this.#socket.frames$.subscribe({
        // Converted to this realm's Uint8Array, since messages are views of the frame.
        next: (frame) => this.#receive(asBytes(frame) ?? frame),
        error: (thrown: unknown) => this.#socketEnded(failure(thrown)),
        complete: () => this.#socketEnded(),
      }),
    );
  }

  #onFrame(take: HandshakeSteps['take'], frame: Uint8Array): void {
    this.#attempt(() => {
      const { send, link, refusal } = take(frame);
      if (send !== undefined) this.#socket.send(send);
      if (link !== undefined) this.#emit(link());
      if (refusal === undefined) return;
      this.#isClosing = true;
      this.#socket.close();
      this.#fail(failure(refusal));
    });
  }

  /** A separate function, like `#listen`. */
  #emit(link: SocketLink): void {
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
    else if (!this.#isClosing)
      this.#fail(error ?? closed('the other side closed during the handshake'));
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

/** The error of a connection that is closed before it has a link. */
export function closed(message: string): RxmeshError {
  return new RxmeshError('RXMESH_CONNECTION_CLOSED', message);
}

/** The error of a socket that is wrapped while its handshake runs. */
export function tooLate(): TypeError {
  return new TypeError('wrapSocket must be called before the handshake');
}

function failure(thrown: unknown): RxmeshError {
  return toRxmeshError(thrown, 'RXMESH_CONNECTION_FAILED', 'the connection failed');
}
