import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import { asBytes } from '../../lib/model/bytes.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { type Endpoint, formatEndpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { reasonText, refusedError } from '../../lib/transport/refusal.ts';
import type { PortLike } from './port.ts';

/** How much may be on its way to the other side, or unread there, while this one is `writable`. */
const windowBytesMax = 262_144;
/** How much is kept for a reader: more than a side that minds its window ever sends. */
const unreadBytesMax = 1_048_576;
/** What a frame counts for besides its bytes, so that empty ones are bounded, too. */
const frameCost = 64;
/** How long closing waits for the other side, in milliseconds. */
const closeTimeoutMs = 2_000;

/** Options of a `PortSocket`. */
export interface PortSocketOptions {
  readonly port: PortLike;
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly clock: Clock;
}

/** How a socket ends: with an error or without. */
interface Ending {
  readonly error?: RxmeshError;
}

/**
 * A socket on a `MessagePort`. A message is a frame, as bytes; a number, which says how much of the
 * window was read; `null`, after which no frame comes; or a text: why the other side has cut it.
 */
export class PortSocket implements FrameSocket {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly frames$: Observable<Uint8Array>;
  readonly drained$: Observable<void>;
  arrivedBytes = 0;

  readonly #port: PortLike;
  readonly #clock: Clock;
  readonly #drained = new Subject<void>();
  #subscriber: Subscriber<Uint8Array> | undefined;
  #isSubscribed = false;
  /** Gets the first message, instead of the subscriber. */
  #onFirst: ((message: unknown) => void) | undefined;
  #paused = false;
  /** Whether frames are being passed on now. */
  #reading = false;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  /** What was read, and the other side does not know yet. */
  #readBytes = 0;
  /** What was sent, and the other side has not read, as far as is known. */
  #sentBytes = 0;
  #full = false;
  /** Whether the other side will send nothing more. */
  #isRemoteDone = false;
  #ended: Ending | undefined;
  #closed = false;
  #closeTimer: Subscription | undefined;

  constructor({ port, direction, local, remote, clock }: PortSocketOptions) {
    this.#port = port;
    this.#clock = clock;
    this.direction = direction;
    this.local = local;
    this.remote = remote;
    this.drained$ = this.#drained.asObservable();
    this.frames$ = new Observable((subscriber) => this.#readTo(subscriber));
    port.addEventListener('message', (event) => this.#arrived(Reflect.get(event, 'data')));
    port.addEventListener('messageerror', () => this.#fail('a message that cannot be read'));
    // Not all browsers report that the other side is gone.
    port.addEventListener('close', () => this.#gone());
    port.start();
  }

  /** Passes the first message on to `take`, before there is a subscriber. Call it at once. */
  first(take: (message: unknown) => void): void {
    this.#onFirst = take;
  }

  /** Tells the other side that somebody is here. */
  greet(): void {
    this.#post(0);
  }

  get writable(): boolean {
    return this.#ended === undefined && this.#sentBytes < windowBytesMax;
  }

  send(frame: Uint8Array): void {
    if (this.#ended !== undefined) return;
    this.#sentBytes += frame.length + frameCost;
    this.#full = !this.writable;
    // A copy of its own: the frame may be a view into a buffer that others use.
    const { buffer } = new Uint8Array(frame);
    this.#post(new Uint8Array(buffer), [buffer]);
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#read();
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.#end({});
    this.#post(null);
    if (this.#isRemoteDone) this.#release();
    else this.#closeTimer = this.#clock.schedule(() => this.#release(), closeTimeoutMs);
  }

  destroy(reason = ''): void {
    this.#end({});
    if (!this.#closed) this.#post(reasonText(reason));
    this.#release();
  }

  get closed(): boolean {
    return this.#closed;
  }

  toString(): string {
    const arrow = this.direction === 'outbound' ? '->' : '<-';
    return `${formatEndpoint(this.local)} ${arrow} ${formatEndpoint(this.remote)}`;
  }

  #post(message: Uint8Array | number | string | null, transfer: ArrayBuffer[] = []): void {
    if (!this.#closed) this.#port.postMessage(message, transfer);
  }

  #arrived(data: unknown): void {
    const first = this.#onFirst;
    this.#onFirst = undefined;
    if (first !== undefined) first(data);
    else if (data === null) this.#onRemoteDone();
    else if (typeof data === 'number') this.#onRead(data);
    else if (typeof data === 'string') this.#cut(data);
    else this.#onFrame(asBytes(data));
  }

  #onFrame(frame: Uint8Array | undefined): void {
    if (this.#ended !== undefined) return;
    if (frame === undefined) {
      this.#fail('a message that is no frame');
      return;
    }
    this.arrivedBytes += frame.length;
    this.#unread.push(frame);
    this.#unreadBytes += frame.length + frameCost;
    this.#read();
    if (this.#unreadBytes > unreadBytesMax) this.#fail('more than it was asked for');
  }

  /** The other side has read so much. */
  #onRead(bytes: number): void {
    if (!(bytes >= 0)) return;
    this.#sentBytes = Math.max(0, this.#sentBytes - bytes);
    if (!this.#full || !this.writable) return;
    this.#full = false;
    this.#drained.next();
  }

  #onRemoteDone(): void {
    this.#isRemoteDone = true;
    if (this.#ended === undefined) this.#finish();
    else this.#release();
  }

  #cut(reason: string): void {
    const where = this.toString();
    const text = `${where}: the other side cut the connection`;
    this.#end({
      error:
        reason === ''
          ? new RxmeshError('RXMESH_CONNECTION_FAILED', text)
          : refusedError(where, reason),
    });
    this.#release();
  }

  #gone(): void {
    if (this.#isRemoteDone && this.#ended === undefined) return;
    const text = `${this.toString()}: the other side is gone`;
    this.#end({ error: new RxmeshError('RXMESH_CONNECTION_FAILED', text) });
    this.#release();
  }

  #fail(what: string): void {
    const text = `${this.toString()}: the other side sent ${what}`;
    this.#end({ error: new RxmeshError('RXMESH_CONNECTION_FAILED', text) });
    this.#post('');
    this.#release();
  }

  #readTo(subscriber: Subscriber<Uint8Array>): (() => void) | undefined {
    if (this.#isSubscribed) {
      subscriber.error(new TypeError('frames$ must be subscribed to once'));
      return undefined;
    }
    this.#isSubscribed = true;
    this.#subscriber = subscriber;
    if (this.#ended === undefined) this.#read();
    else this.#notifyEnd(this.#ended);
    return () => {
      this.#subscriber = undefined;
      this.#read();
    };
  }

  /** Passes frames on while somebody takes them. What nobody will read any more is dropped. */
  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#isSubscribed && !(this.#paused && this.#subscriber !== undefined)) {
      const frame = this.#unread.shift();
      if (frame === undefined) break;
      this.#unreadBytes -= frame.length + frameCost;
      this.#acknowledge(frame.length + frameCost);
      this.#subscriber?.next(frame);
    }
    this.#reading = false;
    this.#finish();
  }

  /** Reports what was read, in quarters of the window. */
  #acknowledge(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes < windowBytesMax / 4) return;
    this.#post(this.#readBytes);
    this.#readBytes = 0;
  }

  /** Ends when everything was read that the other side has sent. */
  #finish(): void {
    if (!this.#isRemoteDone || this.#unread.length > 0 || this.#reading) return;
    this.#end({});
    this.#post(null);
    this.#release();
  }

  #end(ending: Ending): void {
    if (this.#ended !== undefined) return;
    this.#ended = ending;
    this.#onFirst = undefined;
    this.#unread = [];
    this.#unreadBytes = 0;
    this.#notifyEnd(ending);
    this.#drained.complete();
  }

  #notifyEnd({ error }: Ending): void {
    if (error === undefined) this.#subscriber?.complete();
    else this.#subscriber?.error(error);
  }

  #release(): void {
    this.#closeTimer?.unsubscribe();
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
  }
}
