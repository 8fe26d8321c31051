import { Observable, ReplaySubject, Subject } from 'rxjs';
import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';

/** Changes a frame in transit: returns the frames that arrive in its place. */
export type Tamper = (frame: Uint8Array) => readonly Uint8Array[];

/**
 * One end of a pair of sockets without a network. Frames wait in `outbox` until the test delivers
 * them, so that a test sees every flight and can change it.
 */
export class TestSocket implements FrameSocket {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Sent, but not yet delivered. */
  outbox: Uint8Array[] = [];
  /** Everything ever sent. */
  readonly sent: Uint8Array[] = [];
  writable = true;
  /** What was sent or received with the dial. */
  hello: Uint8Array = new Uint8Array(0);
  other: TestSocket | undefined;
  paused = false;
  state: 'open' | 'closed' | 'destroyed' = 'open';
  readonly drained: Subject<void> = new Subject<void>();
  readonly #frames = new ReplaySubject<Uint8Array>(1_000);
  #subscribed = false;

  constructor(direction: Direction) {
    const dialer = { protocol: 'test', path: 'dialer' };
    const listener = { protocol: 'test', path: 'listener' };
    this.direction = direction;
    this.local = direction === 'outbound' ? dialer : listener;
    this.remote = direction === 'outbound' ? listener : dialer;
  }

  readonly frames$: Observable<Uint8Array> = new Observable((subscriber) => {
    if (this.#subscribed) throw new TypeError('frames$ must be subscribed to once');
    this.#subscribed = true;
    return this.#frames.subscribe(subscriber);
  });

  get drained$(): Observable<void> {
    return this.drained;
  }

  send(frame: Uint8Array): void {
    if (this.state !== 'open') return;
    this.sent.push(frame);
    this.outbox.push(frame);
  }

  pause(paused: boolean): void {
    this.paused = paused;
  }

  close(): void {
    if (this.state === 'open') this.state = 'closed';
  }

  destroy(): void {
    if (this.state === 'open') this.outbox = [];
    this.state = 'destroyed';
  }

  /** Frames are still delivered after a `close`, and the other side reads them. */
  get closed(): boolean {
    return this.state !== 'open' && this.outbox.length === 0;
  }

  toString(): string {
    return `test socket, ${this.direction}`;
  }

  /** A frame arrives here. */
  arrive(frame: Uint8Array): void {
    this.#frames.next(frame);
  }

  /** The other side has closed. */
  arriveEnd(): void {
    this.#frames.complete();
    this.drained.complete();
  }

  /** The socket breaks. */
  breakDown(message: string): void {
    this.#frames.error(new RxmeshError('RXMESH_CONNECTION_FAILED', message));
  }
}

/** Two connected sockets, and the time between them. */
export class SocketPair {
  readonly dialer: TestSocket = new TestSocket('outbound');
  readonly listener: TestSocket = new TestSocket('inbound');
  /** Changes the frames of each side in transit. */
  fromDialer: Tamper = (frame) => [frame];
  fromListener: Tamper = (frame) => [frame];

  constructor() {
    this.dialer.other = this.listener;
  }

  /** Delivers everything that both sides have sent; returns whether there was anything. */
  fly(): boolean {
    // A side that is closed now has sent its last frame; one that closes during this flight has
    // not.
    const ended = [this.dialer, this.listener].filter(({ state }) => state !== 'open');
    const there = this.#take(this.dialer, this.fromDialer);
    const back = this.#take(this.listener, this.fromListener);
    for (const frame of there) this.listener.arrive(frame);
    for (const frame of back) this.dialer.arrive(frame);
    for (const socket of ended) {
      (socket === this.dialer ? this.listener : this.dialer).arriveEnd();
    }
    return there.length + back.length > 0;
  }

  /** Delivers frames until neither side sends any more; returns the number of flights. */
  settle(): number {
    let flights = 0;
    while (this.fly()) flights++;
    return flights;
  }

  #take(socket: TestSocket, tamper: Tamper): Uint8Array[] {
    const frames = socket.outbox;
    socket.outbox = [];
    return frames.flatMap((frame) => [...tamper(frame)]);
  }
}
