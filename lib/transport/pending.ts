import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { FrameSocket } from './frame-socket.ts';

/** How long a dialer has for its hello, in milliseconds. */
const helloTimeoutMs = 10_000;
/** How many sockets may be without a hello at a time. */
const pendingMax = 256;

/** A socket whose first message is not a frame like the others: it has the dialer's hello. */
export interface PendingSocket<M> extends Pick<FrameSocket, 'drained$' | 'destroy'> {
  /** Passes the first message on to `take`, before there is a subscriber. Call it once. */
  first(take: (message: M) => void): void;
}

/** Sockets that others have opened, until their first message arrives. */
export class Pending<M> {
  readonly #clock: Clock;
  /** In order of arrival, each with its timer. */
  readonly #waiting = new Map<PendingSocket<M>, Subscription>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for the hello of a socket. With too many waiting, the oldest one goes. */
  add(socket: PendingSocket<M>, take: (hello: M) => void): void {
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined && this.#waiting.size >= pendingMax) this.#drop(oldest);
    const timer = this.#clock.schedule(() => this.#drop(socket), helloTimeoutMs);
    this.#waiting.set(socket, timer);
    // A socket that ends leaves at once.
    timer.add(socket.drained$.subscribe({ complete: () => this.#forget(socket) }));
    socket.first((hello) => {
      this.#forget(socket);
      take(hello);
    });
  }

  /** Closes all that are waiting. */
  clear(): void {
    for (const socket of [...this.#waiting.keys()]) this.#drop(socket);
  }

  #drop(socket: PendingSocket<M>): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: PendingSocket<M>): void {
    this.#waiting.get(socket)?.unsubscribe();
    this.#waiting.delete(socket);
  }
}
