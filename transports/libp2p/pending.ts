import type { Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { StreamSocket } from './stream-socket.ts';

/** How long a dialer has for its hello, in milliseconds. */
const helloTimeoutMs = 10_000;
/** How many streams may be without a hello at a time. */
const pendingMax = 256;

/** Streams that others have opened, until their first frame arrives. */
export class Pending {
  readonly #clock: Clock;
  /** In order of arrival, each with its timer. */
  readonly #waiting = new Map<StreamSocket, Subscription>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for the hello of a socket. With too many waiting, the oldest one goes. */
  add(socket: StreamSocket, take: (hello: Uint8Array) => void): void {
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined && this.#waiting.size >= pendingMax) this.#drop(oldest);
    const timer = this.#clock.schedule(() => this.#drop(socket), helloTimeoutMs);
    this.#waiting.set(socket, timer);
    // A stream that ends leaves at once.
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

  #drop(socket: StreamSocket): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: StreamSocket): void {
    this.#waiting.get(socket)?.unsubscribe();
    this.#waiting.delete(socket);
  }
}
