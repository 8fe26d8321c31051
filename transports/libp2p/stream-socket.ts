import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { type Endpoint, formatEndpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { refusedError } from '../../lib/transport/refusal.ts';
import { frameBytesMax, framed, FrameReader, refusalOf } from './frames.ts';
import type { Libp2pEvent, Libp2pStream } from './node.ts';

/** How long closing waits for the other side before it resets the stream, in milliseconds. */
const closeTimeoutMs = 2_000;
/**
 * How much may arrive on a stream that is paused: as much as Yamux ever lets a peer send ahead. The
 * default of libp2p, 4 MiB, would reset streams of peers that have done nothing wrong.
 */
const readBufferBytesMax = 17 * 1_048_576;

/** Options of a `StreamSocket`. */
export interface StreamSocketOptions {
  readonly stream: Libp2pStream;
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Whether a relay limits the connection. */
  readonly isLimited: boolean;
  readonly clock: Clock;
  /** The longest frame to accept as the first one. */
  readonly firstFrameBytesMax: number;
}

/** A socket on a stream of libp2p. */
export class StreamSocket implements FrameSocket {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly frames$: Observable<Uint8Array>;
  readonly drained$: Observable<void>;
  arrivedBytes = 0;

  readonly #stream: Libp2pStream;
  readonly #isLimited: boolean;
  readonly #clock: Clock;
  readonly #drained = new Subject<void>();
  readonly #reader: FrameReader;
  #subscriber: Subscriber<Uint8Array> | undefined;
  /** Gets the first frame, instead of the subscriber. */
  #onFirst: ((frame: Uint8Array) => void) | undefined;
  #paused = false;
  /** Whether frames are being passed on now. */
  #reading = false;
  /** Whether `writable` has been false since `drained$` last emitted. */
  #full = false;
  /** Whether the other side will send nothing more. */
  #remoteDone = false;
  #closeTimer: Subscription | undefined;
  #ended: { readonly error?: RxmeshError } | undefined;

  constructor({ stream, firstFrameBytesMax, ...options }: StreamSocketOptions) {
    this.#stream = stream;
    this.#isLimited = options.isLimited;
    this.#clock = options.clock;
    this.#reader = new FrameReader(firstFrameBytesMax);
    this.direction = options.direction;
    this.local = options.local;
    this.remote = options.remote;
    this.drained$ = this.#drained.asObservable();
    this.frames$ = new Observable((subscriber) => this.#readTo(subscriber));
    stream.maxReadBufferLength = readBufferBytesMax;
    stream.addEventListener('message', (event) => this.#arrived(event));
    stream.addEventListener('drain', () => this.#drain());
    stream.addEventListener('remoteCloseWrite', () => this.#onRemoteDone());
    stream.addEventListener('close', ({ error }) => this.#onClose(error));
  }

  /** Passes the first frame on to `take`, before there is a subscriber. Call it once. */
  first(take: (frame: Uint8Array) => void): void {
    this.#onFirst = take;
    this.#read();
  }

  get writable(): boolean {
    return this.#ended === undefined && !this.#stream.writableNeedsDrain;
  }

  send(frame: Uint8Array): void {
    if (this.#ended === undefined) this.#write(framed(frame));
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#read();
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.#end({});
    this.#closeStream();
  }

  destroy(reason = ''): void {
    const isOpen = this.#ended === undefined;
    this.#end({});
    if (isOpen && reason !== '') {
      this.#write(refusalOf(reason));
      this.#closeStream();
    } else {
      this.#abort(new Error('the connection was closed'));
    }
  }

  get closed(): boolean {
    return ['closed', 'aborted', 'reset'].includes(this.#stream.status);
  }

  toString(): string {
    const arrow = this.direction === 'outbound' ? '->' : '<-';
    return `${formatEndpoint(this.local)} ${arrow} ${formatEndpoint(this.remote)}`;
  }

  #write(bytes: Uint8Array): void {
    try {
      if (!this.#stream.send(bytes)) this.#full = true;
    } catch (cause) {
      // The stream has ended, and will say so, or has run out of memory.
      this.#fail(this.#error('RXMESH_CONNECTION_FAILED', 'sending failed', cause));
    }
  }

  #drain(): void {
    if (!this.#full || this.#ended !== undefined) return;
    // libp2p first sends what it has kept itself, at the end of this turn.
    this.#clock.afterTurn(() => {
      if (!this.#full || !this.writable) return;
      this.#full = false;
      this.#drained.next();
    });
  }

  #readTo(subscriber: Subscriber<Uint8Array>): (() => void) | undefined {
    if (this.#subscriber !== undefined) {
      subscriber.error(new TypeError('frames$ must be subscribed to once'));
      return undefined;
    }
    this.#subscriber = subscriber;
    if (this.#ended === undefined) this.#read();
    else this.#notifyEnd(this.#ended);
    return () => this.#read();
  }

  #arrived({ data = [] }: Libp2pEvent): void {
    const pieces = data instanceof Uint8Array ? [data] : data;
    for (const piece of pieces) {
      this.arrivedBytes += piece.length;
      // What nobody will read is dropped, so that the end of the other side arrives.
      if (this.#ended === undefined) this.#reader.push(piece);
    }
    this.#read();
  }

  /** Passes frames on while somebody takes them, and stops the stream otherwise. */
  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#takes() && this.#passOn());
    } catch (error) {
      this.#fail(error as RxmeshError);
    }
    this.#reading = false;
    this.#pauseStream(!this.#takes());
    if (this.#remoteDone) this.#finish();
  }

  /** Whether a frame would reach somebody, or nobody ever will take one. */
  #takes(): boolean {
    if (this.#ended !== undefined || this.#onFirst !== undefined) return true;
    return this.#subscriber !== undefined && !this.#paused;
  }

  /** Passes on one frame. Returns false if none has arrived. */
  #passOn(): boolean {
    const arrived = this.#ended === undefined ? this.#reader.next() : undefined;
    if (arrived === undefined) return false;
    this.#reader.bytesMax = frameBytesMax;
    if ('refusal' in arrived) {
      this.#fail(refusedError(this.toString(), arrived.refusal));
      return false;
    }
    const first = this.#onFirst;
    this.#onFirst = undefined;
    if (first === undefined) this.#subscriber?.next(arrived.frame);
    else first(arrived.frame);
    return true;
  }

  #pauseStream(paused: boolean): void {
    try {
      if (paused) this.#stream.pause();
      else this.#stream.resume();
    } catch {
      // Its reading end is closed, so nothing arrives that would have to be stopped.
    }
  }

  #onRemoteDone(): void {
    this.#remoteDone = true;
    // Some muxers report the end before the data that came with it.
    this.#clock.afterTurn(() => this.#finish());
  }

  /** Ends when everything was read that the other side has sent. */
  #finish(): void {
    if (this.#ended !== undefined || this.#stream.readBufferLength > 0) return;
    if (!this.#reader.isEmpty || this.#reading) return;
    if (this.#reader.isAtEnd) this.#end({});
    else this.#end({ error: this.#error('RXMESH_CONNECTION_FAILED', 'it ended within a frame') });
    this.#closeStream();
  }

  #onClose(cause: Error | undefined): void {
    this.#closeTimer?.unsubscribe();
    if (this.#ended !== undefined || (this.#remoteDone && cause === undefined)) return;
    // libp2p does not say whether a limit was reached.
    const ended = `the libp2p connection has ended${this.#isLimited ? ', which a relay limits' : ''}`;
    const what = cause === undefined ? ended : cause.message;
    this.#end({ error: this.#error('RXMESH_CONNECTION_FAILED', what, cause) });
  }

  #fail(error: RxmeshError): void {
    this.#end({ error });
    this.#abort(error);
  }

  /** Lets libp2p send what it has, and tell the other side that this was all. */
  #closeStream(): void {
    const cut = (): void => this.#abort(new Error('the other side did not close in time'));
    if (!this.closed) this.#closeTimer = this.#clock.schedule(cut, closeTimeoutMs);
    this.#pauseStream(false);
    this.#stream.close().catch((error: unknown) => this.#abort(error as Error));
  }

  #abort(error: Error): void {
    this.#closeTimer?.unsubscribe();
    this.#stream.abort(error);
  }

  #error(code: 'RXMESH_CONNECTION_FAILED', what: string, cause?: unknown): RxmeshError {
    return new RxmeshError(code, `${this.toString()}: ${what}`, { cause });
  }

  #end(end: { readonly error?: RxmeshError }): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    this.#onFirst = undefined;
    this.#reader.clear();
    this.#notifyEnd(end);
    this.#drained.complete();
  }

  #notifyEnd({ error }: { readonly error?: RxmeshError }): void {
    if (error === undefined) this.#subscriber?.complete();
    else this.#subscriber?.error(error);
  }
}
