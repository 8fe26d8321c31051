import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { NodeId } from '../../lib/model/id.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { refusedError } from '../../lib/transport/refusal.ts';
import type { Courier, Delivery } from './courier.ts';
import type { Gate } from './gate.ts';

/**
 * How many frames may wait in front of the line to a side, or unread there, while the other is
 * `writable`.
 */
const framesWaitingMax = 4;
/** How many may be on their way in all: those that the line has carried already arrive later. */
const framesFlyingMax = 64;
/**
 * How many frames are kept for a side that has not subscribed yet; another one fails both sides.
 */
const framesEarlyMax = 16;

/** The environment of a pair of sockets. */
export interface MemoryWire {
  readonly clock: Clock;
  readonly courier: Courier;
  /** The node that dialed. */
  readonly dialer: NodeId;
  /** The node that listens. */
  readonly listener: NodeId;
  /** The one-way latency in milliseconds, called for each frame. */
  readonly latencyMs: (from: NodeId, to: NodeId) => number;
  /** What one direction carries, called for each frame. */
  readonly bytesPerSecond: (from: NodeId, to: NodeId) => number;
  /** Whether what `from` sends reaches `to` now, and `to` is part of the network. */
  readonly reaches: (from: NodeId, to: NodeId) => boolean;
  readonly dialerGate: Gate;
  readonly listenerGate: Gate;
}

/** How a side ends: with an error or without. */
interface Ending {
  readonly error?: RxmeshError;
}

/** Something on its way to a side, when the line has carried it, and when it arrives. */
interface Flight {
  readonly load: Uint8Array | Ending;
  readonly carriedAt: number;
  readonly dueAt: number;
}

/** Creates both sides of a new connection. */
export function memorySockets(wire: MemoryWire): { outbound: MemorySocket; inbound: MemorySocket } {
  const outbound = new MemorySocket(wire, 'outbound');
  const inbound = new MemorySocket(wire, 'inbound');
  outbound.join(inbound);
  inbound.join(outbound);
  return { outbound, inbound };
}

/** One side of a connection in memory. */
export class MemorySocket implements FrameSocket, Delivery {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly frames$: Observable<Uint8Array>;
  readonly drained$: Observable<void>;

  readonly #wire: MemoryWire;
  readonly #gate: Gate;
  readonly #drained = new Subject<void>();
  /**
   * The other side; undefined once this side was destroyed and has nothing more to report to it.
   */
  #other: MemorySocket | undefined;
  #reader: Subscriber<Uint8Array> | undefined;
  #subscribed = false;
  #paused = false;
  /** Whether the other side was full after the last frame sent to it. */
  #full = false;
  /** Whether the courier has been woken for this side, or is calling it. */
  #woken = false;
  /** On their way to this side, in order. */
  #flights: Flight[] = [];
  #landing: Subscription | undefined;
  /** Waits until the line has carried a frame, if the other side is full because of it. */
  #carrying: Subscription | undefined;
  /** When the line to this side has carried what was sent so far. */
  #lineFreeAt = 0;
  /** Whether what is on its way is held back. */
  #held = false;
  /** The other side, which does not know that this one was abandoned. */
  #survivor: MemorySocket | undefined;
  /** On its way to the other side, which has abandoned the connection and will reset it. */
  #knock: Subscription | undefined;
  /** Frames that have arrived but have not been read. */
  #unread: Uint8Array[] = [];
  /** Set when the other side has closed; takes effect once all frames have been read. */
  #ending: Ending | undefined;
  #ended: Ending | undefined;
  #onEnd: (() => void) | undefined;

  constructor(wire: MemoryWire, direction: Direction) {
    this.#wire = wire;
    this.direction = direction;
    const outbound = direction === 'outbound';
    this.#gate = outbound ? wire.dialerGate : wire.listenerGate;
    this.local = { protocol: 'memory', path: outbound ? wire.dialer : wire.listener };
    this.remote = { protocol: 'memory', path: outbound ? wire.listener : wire.dialer };
    this.drained$ = this.#drained.asObservable();
    this.frames$ = new Observable((subscriber) => this.#subscribe(subscriber));
  }

  /** Sets the other side. Called once, at the start. */
  join(other: MemorySocket): void {
    this.#other = other;
  }

  /** Sets a callback for the end of this side. */
  onEnd(work: () => void): void {
    this.#onEnd = work;
  }

  get writable(): boolean {
    const other = this.#other;
    return (
      this.#ended === undefined && other !== undefined && !other.#refuses() && !other.#isFull()
    );
  }

  send(frame: Uint8Array): void {
    const other = this.#other;
    if (this.#ended !== undefined || other === undefined || other.#refuses()) return;
    other.#scheduleArrival(frame);
    this.#full = other.#isFull();
    if (this.#full) other.#awaitCarried();
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#wake();
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.#end({});
    const other = this.#other;
    if (other !== undefined && other.#ended === undefined) other.#scheduleArrival({});
  }

  destroy(reason = ''): void {
    const other = this.#other;
    // Kept after a `close`, so that `destroy` can still drop what the other side has not read.
    this.#other = undefined;
    this.#end({});
    if (other === undefined || other.#ended !== undefined) return;
    other.#dropUnread();
    const where = other.toString();
    const cut = `${where}: the other side cut the connection`;
    other.#scheduleArrival({
      error:
        reason === ''
          ? new RxmeshError('RXMESH_CONNECTION_FAILED', cut)
          : refusedError(where, reason),
    });
  }

  get closed(): boolean {
    const other = this.#other;
    return this.#ended !== undefined && (other === undefined || other.#ended !== undefined);
  }

  /** Holds back what is on its way to this side (`true`), or lets it arrive, in order (`false`). */
  hold(held: boolean): void {
    if (this.#held === held) return;
    if (this.#survivor !== undefined) {
      this.knock();
      return;
    }
    this.#held = held;
    this.#landing?.unsubscribe();
    const first = this.#flights[0];
    const other = this.#other;
    // It was not when those frames were sent, and it has to hear when it can write again.
    if (held && other !== undefined && this.#isFull()) other.#full = true;
    if (held || first === undefined) return;
    this.#awaitLanding(first);
    if (other !== undefined && other.#full) this.#awaitCarried();
  }

  /** Fails this side immediately, as when a network goes down. */
  fail(reason: string): void {
    this.#gate.pass(() => {
      this.#dropUnread();
      this.#end({ error: this.#failure(reason) });
    });
  }

  /** Fails this side, while the other one notices nothing: what it sends is lost. */
  abandon(): void {
    if (this.#ended !== undefined) return;
    this.#survivor = this.#other;
    // The other side learns nothing, whatever the user of this side does now.
    this.#other = undefined;
    this.#held = true;
    this.#end({ error: this.#failure('the node lost power') });
  }

  /**
   * If this side was abandoned and something was sent to it: resets the connection, once that has
   * reached the node, if it is back then. Called whenever it might.
   */
  knock(): void {
    const survivor = this.#survivor;
    if (survivor === undefined || this.#flights.length === 0) return;
    if (survivor.#knock !== undefined || survivor.#ended !== undefined) return;
    const { clock, latencyMs, reaches } = this.#wire;
    const [from, to] = [this.#from(), this.#to()];
    if (!reaches(from, to)) return;
    survivor.#knock = clock.schedule(
      () => {
        if (reaches(from, to)) this.#reset(survivor);
        else survivor.#knock = undefined;
      },
      latencyMs(from, to),
    );
  }

  /** Goes on when the node is no longer frozen. */
  resume(): void {
    this.#wake();
    const other = this.#other;
    if (other !== undefined) other.#notifyDrained();
  }

  toString(): string {
    return this.direction === 'outbound'
      ? `memory:${this.#wire.dialer} -> ${this.#wire.listener}`
      : `memory:${this.#wire.listener} <- ${this.#wire.dialer}`;
  }

  /** Delivers one frame to the reader, or the end. */
  deliver(): boolean {
    const frame = this.#hasWork() ? this.#unread.shift() : undefined;
    if (frame !== undefined) {
      this.#gate.work();
      this.#reader?.next(frame);
      this.#notifyDrained();
    } else if (this.#ending !== undefined && this.#hasWork()) {
      this.#end(this.#ending);
    }
    this.#woken = this.#hasWork();
    return this.#woken;
  }

  #failure(reason: string): RxmeshError {
    return new RxmeshError('RXMESH_CONNECTION_FAILED', `${this.toString()}: ${reason}`);
  }

  /** Whether this side takes no more frames, and the other side knows. */
  #refuses(): boolean {
    return this.#ended !== undefined && this.#survivor === undefined;
  }

  #reset(survivor: MemorySocket): void {
    if (survivor.#ended !== undefined || survivor.#ending !== undefined) return;
    const error = survivor.#failure('the node has restarted and reset the connection');
    survivor.#scheduleArrival({ error });
  }

  /** Whether the other side should wait: too much is in front of the line, or unread here. */
  #isFull(): boolean {
    const flights = this.#flights;
    if (this.#unread.length + flights.length < framesWaitingMax) return false;
    if (this.#held || flights.length >= framesFlyingMax) return true;
    const now = this.#wire.clock.now();
    let waiting = this.#unread.length;
    for (let at = flights.length - 1; (flights[at]?.carriedAt ?? 0) > now; at -= 1) waiting += 1;
    return waiting >= framesWaitingMax;
  }

  /** The other side is full: tells it when the line has carried the next frame. */
  #awaitCarried(): void {
    if (this.#carrying !== undefined || this.#held) return;
    const now = this.#wire.clock.now();
    const next = this.#flights.find(({ carriedAt }) => carriedAt > now);
    if (next === undefined) return;
    this.#carrying = this.#wire.clock.schedule(this.#carried, next.carriedAt - now);
  }

  /** Created once, not for each frame. */
  readonly #carried = (): void => {
    this.#carrying = undefined;
    this.#notifyDrained();
    const other = this.#other;
    if (other !== undefined && other.#full) this.#awaitCarried();
  };

  #hasWork(): boolean {
    return (
      this.#ended === undefined &&
      this.#reader !== undefined &&
      !this.#paused &&
      !this.#gate.isShut &&
      (this.#unread.length > 0 || this.#ending !== undefined)
    );
  }

  #wake(): void {
    if (this.#woken || !this.#hasWork()) return;
    this.#woken = true;
    this.#wire.courier.wake(this);
  }

  #subscribe(subscriber: Subscriber<Uint8Array>): (() => void) | undefined {
    if (this.#subscribed) {
      subscriber.error(new TypeError('frames$ must be subscribed to once'));
      return undefined;
    }
    this.#subscribed = true;
    this.#reader = subscriber;
    if (this.#ended === undefined) this.#wake();
    else this.#notifyEnd(this.#ended);
    return () => {
      this.#reader = undefined;
      if (this.#ended === undefined) this.#onReaderLeft();
    };
  }

  /** The reader has left: drops what arrives, so that the other side is not held up. */
  #onReaderLeft(): void {
    this.#unread = [];
    if (this.#ending === undefined) this.#notifyDrained();
    else this.#end(this.#ending);
  }

  /**
   * Schedules the arrival of a frame or the end, after the line has carried it and the latency, in
   * order.
   */
  #scheduleArrival(load: Uint8Array | Ending): void {
    const { clock, latencyMs, bytesPerSecond } = this.#wire;
    const [from, to] = [this.#from(), this.#to()];
    const latency = latencyMs(from, to);
    const carryMs = isFrame(load) ? (load.length * 1000) / bytesPerSecond(from, to) : 0;
    if (latency === 0 && carryMs === 0 && this.#flights.length === 0 && !this.#held) {
      this.#arrive(load);
      return;
    }
    // A line carries one frame after the other.
    this.#lineFreeAt = Math.max(clock.now(), this.#lineFreeAt) + carryMs;
    const carriedAt = this.#lineFreeAt;
    const arrivesAt = carriedAt + latency;
    // A frame never overtakes the one before it.
    const flight = {
      load,
      carriedAt,
      dueAt: Math.max(arrivesAt, this.#flights.at(-1)?.dueAt ?? 0),
    };
    this.#flights.push(flight);
    if (this.#survivor !== undefined) this.knock();
    if (this.#flights.length === 1 && !this.#held) this.#awaitLanding(flight);
  }

  #awaitLanding({ dueAt }: Flight): void {
    const delayMs = Math.max(0, dueAt - this.#wire.clock.now());
    this.#landing = this.#wire.clock.schedule(this.#land, delayMs);
  }

  /** Created once, not for each frame. */
  readonly #land = (): void => {
    // An idle connection keeps no timer that is over.
    this.#landing = undefined;
    const flight = this.#flights.shift();
    const next = this.#flights[0];
    if (next !== undefined) this.#awaitLanding(next);
    if (flight !== undefined) this.#arrive(flight.load);
    this.#notifyDrained();
  };

  #arrive(load: Uint8Array | Ending): void {
    if (this.#ended !== undefined) return;
    if (!isFrame(load)) {
      this.#ending = load;
      // With no frames left to read, the end does not need a reader.
      if (this.#reader === undefined && this.#unread.length === 0) this.#end(load);
    } else if (!this.#subscribed && this.#unread.length === framesEarlyMax) {
      this.#other?.fail(
        `more than ${framesEarlyMax} frames were sent before the other side subscribed to frames$`,
      );
      this.fail(`more than ${framesEarlyMax} frames arrived before frames$ was subscribed to`);
    } else if (this.#subscribed && this.#reader === undefined) {
      this.#notifyDrained();
    } else {
      this.#unread.push(load);
      // It was not, when the frame was sent.
      const other = this.#other;
      if (other !== undefined && this.#isFull()) other.#full = true;
    }
    this.#wake();
  }

  #from(): NodeId {
    return this.direction === 'inbound' ? this.#wire.dialer : this.#wire.listener;
  }

  #to(): NodeId {
    return this.direction === 'inbound' ? this.#wire.listener : this.#wire.dialer;
  }

  /** A frame was read, so the other side may be able to write again. */
  #notifyDrained(): void {
    const other = this.#other;
    if (other === undefined || !other.#full || other.#gate.isShut || !other.writable) return;
    other.#full = false;
    other.#drained.next();
  }

  #dropUnread(): void {
    this.#landing?.unsubscribe();
    this.#carrying?.unsubscribe();
    this.#carrying = undefined;
    this.#knock?.unsubscribe();
    this.#knock = undefined;
    this.#flights = [];
    this.#unread = [];
    this.#ending = undefined;
  }

  #end(ending: Ending): void {
    if (this.#ended !== undefined) return;
    this.#ended = ending;
    this.#dropUnread();
    this.#notifyEnd(ending);
    this.#drained.complete();
    this.#onEnd?.();
  }

  #notifyEnd({ error }: Ending): void {
    if (error === undefined) this.#reader?.complete();
    else this.#reader?.error(error);
  }
}

/** Duck-typed: a frame may come from another realm. */
function isFrame(load: Uint8Array | Ending): load is Uint8Array {
  return ArrayBuffer.isView(load);
}
