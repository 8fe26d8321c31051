import { type Observable, Subject } from 'rxjs';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Direction } from '../../lib/model/direction.ts';
import { type Endpoint, formatEndpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { TokenBucket } from '../../lib/flow/token-bucket.ts';
import { normalizeIp, withoutZone } from '../../lib/model/ip.ts';
import { giveFrame } from '../../lib/platform/frame-buffers.node.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { reasonText, refusedError } from '../../lib/transport/refusal.ts';
import { FrameInbox } from './frame-inbox.ts';
import { type FrameIntake, intakeFor } from './intake.node.ts';
import { closeTimeoutMs, frameBytesMax, refusedCode } from './platform.ts';
import type { Turns } from '../../lib/transport/turns.ts';

/** Options that limit ws, the same for both sides. */
export interface WsLimits {
  readonly maxPayload: number;
  readonly maxBufferedChunks: number;
  readonly maxFragments: number;
  readonly perMessageDeflate: false;
  readonly closeTimeout: number;
}

/**
 * Frames of at most 131,088 bytes, uncompressed, in at most 1,024 reads and 16 fragments; 2 s to
 * close.
 */
export const wsLimits: WsLimits = {
  maxPayload: frameBytesMax,
  // A frame of the largest size takes 245 TCP segments of the smallest size (RFC 9293, 3.7.1).
  maxBufferedChunks: 1_024,
  // rxmesh does not fragment, but browsers split long messages, and so may proxies.
  maxFragments: 16,
  perMessageDeflate: false,
  closeTimeout: closeTimeoutMs,
};

/** How many frames may be with ws but not yet with the kernel while a socket is `writable`. */
const framesUnsentMax = 4;

/**
 * How many WebSocket pings and pongs a peer may send per second. rxmesh sends none, but proxies and
 * browsers may.
 */
const controlsPerSecondMax = 4;
/** How many may come in a burst: ws gives up when 60 pings wait for their answers. */
const controlsAtOnceMax = 32;

/** Options of a `NodeSocket`. */
export interface NodeSocketOptions {
  readonly ws: WebSocket;
  /** The stream that `ws` reads. */
  readonly stream: Socket;
  readonly direction: Direction;
  readonly protocol: string;
  /** Default: the other end of `stream`, which may be a proxy. */
  readonly remote?: Endpoint;
  readonly turns: Turns;
}

/** A socket over an open `WebSocket` of ws. */
export class NodeSocket implements FrameSocket {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly drained$: Observable<void>;

  readonly #ws: WebSocket;
  readonly #stream: Socket;
  readonly #inbox: FrameInbox;
  readonly #intake: FrameIntake;
  readonly #turns: Turns;
  /** For pings and pongs. Created for the first one, since most sockets see none. */
  #controls: TokenBucket | undefined;
  readonly #drained = new Subject<void>();
  /** Frames passed to ws that the kernel has not taken yet, in order. */
  readonly #unsent: Uint8Array[] = [];
  /** Whether `writable` has been false since `drained$` last emitted. */
  #full = false;
  #tellingDrained: NodeJS.Immediate | undefined;
  #ended = false;

  constructor({ ws, stream, direction, protocol, remote, turns }: NodeSocketOptions) {
    this.#ws = ws;
    this.#turns = turns;
    this.#stream = stream;
    this.direction = direction;
    this.local = endpointOf(protocol, stream.localAddress, stream.localPort);
    this.remote = remote ?? endpointOf(protocol, stream.remoteAddress, stream.remotePort);
    this.drained$ = this.#drained.asObservable();
    this.#inbox = new FrameInbox(() => {
      if (!this.#ended) this.#intake.pause(false);
    });
    const onControls = (count: number): boolean => this.#admits(count);
    this.#intake = intakeFor({ ws, stream, turns, onControls });
    ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    ws.on('error', (cause) => this.#fail(cause));
    ws.on('close', (code, reason) => this.#closed(code, reason.toString()));
    ws.on('ping', () => this.#pinged());
  }

  get frames$(): Observable<Uint8Array> {
    return this.#inbox.frames$;
  }

  get writable(): boolean {
    return !this.#ended && this.#unsent.length < framesUnsentMax;
  }

  send(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#unsent.push(frame);
    if (this.#unsent.length >= framesUnsentMax) this.#full = true;
    this.#ws.send(frame, this.#onSent);
  }

  get arrivedBytes(): number {
    return this.#stream.bytesRead;
  }

  pause(paused: boolean): void {
    if (this.#ended) return;
    this.#intake.pause(paused);
  }

  close(): void {
    if (this.#ended) return;
    this.#end(undefined, true);
    // A paused socket would not see the other side's close frame.
    this.#intake.pause(false);
    this.#ws.close(1000);
  }

  destroy(reason = ''): void {
    const isOpen = !this.#ended && this.#ws.readyState === this.#ws.OPEN;
    this.#end(undefined, true);
    if (reason === '' || !isOpen) {
      this.#cut();
      return;
    }
    this.#intake.stop();
    // RFC 6455, 7.4.1: 1008 is for endpoints that refuse for reasons of their own.
    this.#ws.close(refusedCode, reasonText(reason));
    // A stranger could take its time to answer the close frame.
    this.#stream.destroySoon();
  }

  get closed(): boolean {
    return this.#ws.readyState === this.#ws.CLOSED;
  }

  toString(): string {
    const arrow = this.direction === 'outbound' ? '->' : '<-';
    return `${formatEndpoint(this.local)} ${arrow} ${formatEndpoint(this.remote)}`;
  }

  /** Created once for all frames: ws calls it for each frame that the kernel has taken. */
  readonly #onSent = (): void => {
    const frame = this.#unsent.shift();
    if (frame !== undefined) giveFrame(frame);
    if (!this.#full || this.#unsent.length >= framesUnsentMax || this.#ended) return;
    // Deferred, because ws calls this from within a tick: a writer that kept responding would stop
    // the event loop from turning.
    this.#tellingDrained ??= setImmediate(() => {
      this.#tellingDrained = undefined;
      if (!this.writable) return;
      this.#full = false;
      this.#drained.next();
    });
  };

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#ended) return;
    if (!isBinary) {
      this.#violation('a text message arrived', 1003);
      return;
    }
    // The binary type is 'nodebuffer'. Converted to a plain Uint8Array, because `slice` of a Buffer
    // does not copy.
    const { buffer, byteOffset, byteLength } = data as Buffer;
    try {
      this.#inbox.push(new Uint8Array(buffer, byteOffset, byteLength));
      if (!this.#inbox.subscribed) this.#intake.pause(true);
    } catch (error) {
      this.#end(error as RxmeshError, true);
      this.#cut();
    }
  }

  /** Counts pings and pongs before ws handles them. */
  #admits(count: number): boolean {
    this.#controls ??= new TokenBucket(controlsPerSecondMax, controlsAtOnceMax, this.#turns.clock);
    if (this.#controls.take(count)) return true;
    this.#intake.stop();
    const rate = `${controlsAtOnceMax} WebSocket pings and pongs, or ${controlsPerSecondMax} a second`;
    if (!this.#ended) this.#violation(`more than ${rate}`, 1008);
    return false;
  }

  /** ws answers pings, and closes the socket without an error if too many answers are pending. */
  #pinged(): void {
    if (this.#ended || this.#ws.readyState === this.#ws.OPEN) return;
    this.#violation('it does not read the answers to its WebSocket pings', 1008);
  }

  #cut(): void {
    this.#intake.stop();
    this.#ws.terminate();
  }

  #violation(what: string, closeCode: number): void {
    const message = `${this.toString()}: ${what}`;
    // Close first: a subscriber may destroy the socket when it ends.
    this.#ws.close(closeCode);
    this.#end(new RxmeshError('RXMESH_PROTOCOL_VIOLATION', message), true);
  }

  #fail(cause: Error): void {
    // ws has begun to close already. Errors with this prefix are about what the other side sent.
    this.#intake.stop();
    const isViolation = 'code' in cause && String(cause.code).startsWith('WS_ERR_');
    const code = isViolation ? 'RXMESH_PROTOCOL_VIOLATION' : 'RXMESH_CONNECTION_FAILED';
    const message = `${this.toString()}: ${cause.message}`;
    this.#end(new RxmeshError(code, message, { cause }), isViolation);
  }

  #closed(code: number, reason: string): void {
    // Most sockets end by our own action or a reported failure. An error would cost a stack trace
    // that no one sees.
    if (this.#ended) return;
    // RFC 6455, 7.4.1: 1000 and 1001 are intentional, and 1005 is a close frame without a code.
    if (code === 1000 || code === 1001 || code === 1005) {
      this.#end(undefined, false);
      return;
    }
    if (code === refusedCode && reason !== '') {
      this.#end(refusedError(this.toString(), reason), false);
      return;
    }
    const how = code === 1006 ? 'without a closing handshake' : `with code ${code}`;
    const message = `${this.toString()}: the other side closed ${how}`;
    this.#end(new RxmeshError('RXMESH_CONNECTION_FAILED', message), false);
  }

  #end(error: RxmeshError | undefined, drop: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#tellingDrained !== undefined) clearImmediate(this.#tellingDrained);
    this.#inbox.end(error, drop);
    this.#drained.complete();
  }
}

/** The address of a socket or server as an endpoint. A malformed zone is left out. */
export function endpointOf(
  protocol: string,
  address: string | undefined,
  port: number | undefined,
): Endpoint {
  const ip = normalizeIp(address ?? '') ?? normalizeIp(withoutZone(address ?? ''));
  return { protocol, ...(ip === undefined ? {} : { ip }), ...(port === undefined ? {} : { port }) };
}
