import { Observable, Subject, type Subscriber, Subscription } from 'rxjs';
import type { Clock } from '../../flow/clock.ts';
import type { Direction } from '../../model/direction.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { RxmeshError } from '../../model/error.ts';
import type { FrameSocket } from '../../transport/frame-socket.ts';
import { seededRandom } from '../seeded-random.ts';
import { FaultyFrames, type FrameFault, type FrameFaults } from './frames.ts';
import { LineDirection, type LineOptions } from './line.ts';
import { seedOf, type Towards } from './plan.ts';
import { Way } from './way.ts';

/** How long closing waits for a socket that takes nothing, in milliseconds. */
const closeTimeoutMs = 2_000;

/** How a socket has ended: with an error or without. */
interface Ended {
  readonly error?: unknown;
}

/** What a `FaultySocket` works with. */
export interface FaultySocketOptions {
  readonly clock: Clock;
  readonly line: LineOptions;
  readonly faults: FrameFaults;
  readonly seed: number;
  /** The number of the connection. */
  readonly connection: number;
  readonly report: (fault: FrameFault) => void;
  /** Called once, when this socket and the one below have ended. */
  readonly onEnd: (socket: FaultySocket) => void;
}

/** A socket whose frames go over a line with faults, in both directions. */
export class FaultySocket implements FrameSocket {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly frames$: Observable<Uint8Array>;
  readonly drained$: Observable<void>;

  readonly #inner: FrameSocket;
  readonly #options: FaultySocketOptions;
  readonly #inbound: Way;
  readonly #outbound: Way;
  readonly #drained = new Subject<void>();
  readonly #subscription = new Subscription();
  #reader: Subscriber<Uint8Array> | undefined;
  /** Whether `writable` has been false since `drained$` last emitted. */
  #wasFull = false;
  /** Whether the user has paused it, and whether the inner socket is paused. */
  #isPaused = false;
  #isInnerPaused = false;
  #ended: Ended | undefined;
  /** Whether it was closed or destroyed here. */
  #isLeaving = false;
  #isDestroyed = false;
  #isFrozen = false;
  /** Ends the inner socket at `thaw`, if this one was destroyed while it was closing. */
  #endAtThaw: (() => void) | undefined;
  /** The timer of a socket that leaves. */
  #giveUp: Subscription | undefined;
  #isOnEndCalled = false;

  constructor(inner: FrameSocket, options: FaultySocketOptions) {
    this.#inner = inner;
    this.#options = options;
    const { direction, local, remote } = inner;
    [this.direction, this.local, this.remote] = [direction, local, remote];
    this.drained$ = this.#drained.asObservable();
    this.frames$ = new Observable((subscriber) => this.#subscribe(subscriber));
    const cut = (): void => this.cut();
    this.#inbound = this.#way(direction === 'inbound' ? 'listener' : 'dialer', {
      isReady: () => this.#reader !== undefined && !this.#isPaused,
      deliver: (frame) => this.#reader?.next(frame),
      endings: { cut, truncate: () => this.#end() },
      hasMoved: () => this.#pauseInner(),
    });
    this.#outbound = this.#way(direction === 'inbound' ? 'dialer' : 'listener', {
      // What was sent before a close goes out in any case.
      isReady: () => inner.writable || this.#isOver(),
      deliver: (frame) => inner.send(frame),
      endings: { cut, truncate: () => inner.close() },
      hasMoved: () => this.#tellDrained(),
    });
    this.#subscription.add(
      inner.drained$.subscribe({
        next: () => this.#outbound.flow(),
        complete: () => this.#innerEnded(),
      }),
    );
  }

  get writable(): boolean {
    const isWritable = !this.#isOver() && this.#inner.writable && !this.#outbound.isFull;
    if (!isWritable) this.#wasFull = true;
    return isWritable;
  }

  send(frame: Uint8Array): void {
    if (this.#isOver()) return;
    this.#outbound.put(frame);
    this.#wasFull ||= !this.writable;
  }

  get arrivedBytes(): number | undefined {
    return this.#inner.arrivedBytes;
  }

  pause(paused: boolean): void {
    if (this.#isOver()) return;
    this.#isPaused = paused;
    this.#pauseInner();
    if (!paused) this.#inbound.flow();
  }

  close(): void {
    if (!this.#isOver()) this.#leave(() => this.#inner.close());
  }

  /**
   * Drops what is on its way out. The other side hears of it after the latency of the line, with
   * the reason that was given first.
   */
  destroy(reason?: string): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    const destroy = (): void => this.#inner.destroy(reason);
    if (this.#isLeaving && this.#isFrozen) {
      this.#endAtThaw = destroy;
    } else if (this.#isLeaving) {
      this.#release(destroy);
    } else {
      this.#outbound.clear();
      this.#leave(destroy);
    }
  }

  get closed(): boolean {
    return this.#isOver() && this.#inner.closed;
  }

  /** Ends it with an error, as when the network goes down. */
  cut(): void {
    const text = `${this.toString()}: the line was cut`;
    this.#end({ error: new RxmeshError('RXMESH_CONNECTION_FAILED', text) });
    this.#release(() => this.#inner.destroy());
  }

  /** Passes nothing in either direction, and ends nothing. */
  freeze(): void {
    this.#isFrozen = true;
    this.#giveUp?.unsubscribe();
    for (const way of [this.#inbound, this.#outbound]) way.freeze();
  }

  /** Passes on what was held back. */
  thaw(): void {
    this.#isFrozen = false;
    if (this.#endAtThaw !== undefined) this.#release(this.#endAtThaw);
    for (const way of [this.#inbound, this.#outbound]) way.thaw();
    if (this.#isLeaving) this.#limitLeaving();
  }

  toString(): string {
    return this.#inner.toString();
  }

  #way(
    towards: Towards,
    end: Pick<ConstructorParameters<typeof Way>[0], 'isReady' | 'deliver' | 'endings' | 'hasMoved'>,
  ): Way {
    const { clock, line, faults, seed, connection, report } = this.#options;
    const ownSeed = seedOf(seed, connection, towards);
    return new Way({
      ...end,
      clock,
      line: new LineDirection(line, seededRandom(ownSeed)),
      faults: new FaultyFrames(faults, ownSeed, (type, atBytes) => {
        report({ type, connection, towards, atBytes });
      }),
    });
  }

  #isOver(): boolean {
    return this.#ended !== undefined;
  }

  #subscribe(subscriber: Subscriber<Uint8Array>): () => void {
    if (this.#ended !== undefined) tellEnd(subscriber, this.#ended);
    this.#reader = subscriber;
    const inner = this.#inner.frames$.subscribe({
      next: (frame) => this.#inbound.put(frame),
      error: (error: unknown) => this.#inbound.putEnd(() => this.#end({ error })),
      complete: () => this.#inbound.putEnd(() => this.#end()),
    });
    return () => {
      this.#reader = undefined;
      inner.unsubscribe();
    };
  }

  #pauseInner(): void {
    const isPaused = !this.#isOver() && (this.#isPaused || this.#inbound.isFull);
    if (isPaused === this.#isInnerPaused) return;
    this.#isInnerPaused = isPaused;
    this.#inner.pause(isPaused);
  }

  #tellDrained(): void {
    if (!this.#wasFull || !this.writable) return;
    this.#wasFull = false;
    this.#drained.next();
  }

  /** Nothing can be sent any more; what has arrived is still read. */
  #innerEnded(): void {
    this.#outbound.stop();
    this.#subscription.unsubscribe();
    this.#tellEnd();
  }

  /** Ends this side, and the inner socket once everything is out. */
  #leave(endInner: () => void): void {
    this.#isLeaving = true;
    this.#end();
    this.#outbound.putEnd(() => this.#release(endInner));
    if (this.#subscription.closed) {
      endInner();
      return;
    }
    if (!this.#isFrozen) this.#limitLeaving();
  }

  /** Gives up on a socket that takes nothing. */
  #limitLeaving(): void {
    const { clock } = this.#options;
    const waitMs = Math.max(0, this.#outbound.emptyAtMs - clock.now()) + closeTimeoutMs;
    const giveUp = (): void => this.#release(() => this.#inner.destroy());
    this.#giveUp?.unsubscribe();
    if (this.#subscription.closed) return;
    this.#giveUp = clock.schedule(giveUp, waitMs);
    this.#subscription.add(this.#giveUp);
  }

  /** Ends the inner socket now. */
  #release(endInner: () => void): void {
    this.#outbound.stop();
    endInner();
    this.#subscription.unsubscribe();
    this.#tellEnd();
  }

  #end(ending: Ended = {}): void {
    if (this.#isOver()) return;
    this.#ended = ending;
    this.#inbound.stop();
    // A paused socket would not notice that the other side has closed.
    this.#pauseInner();
    if (this.#reader !== undefined) tellEnd(this.#reader, ending);
    this.#drained.complete();
    this.#tellEnd();
  }

  /** Until both have ended, the line is frozen, thawed and cut for this socket too. */
  #tellEnd(): void {
    if (this.#isOnEndCalled || !this.#isOver() || !this.#subscription.closed) return;
    this.#isOnEndCalled = true;
    this.#options.onEnd(this);
  }
}

function tellEnd(reader: Subscriber<Uint8Array>, { error }: Ended): void {
  if (error === undefined) reader.complete();
  else reader.error(error);
}
