import { Observable, Subject, type Subscription, throwError } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { type Endpoint, formatEndpoint } from '../../lib/model/endpoint.ts';
import { isArrayBuffer } from '../../lib/model/bytes.ts';
import { errorOf, RxmeshError } from '../../lib/model/error.ts';
import { zoneOf } from '../../lib/model/ip.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { endpointUrl } from './endpoint-url.ts';
import { refusedError } from '../../lib/transport/refusal.ts';
import { FrameInbox } from './frame-inbox.ts';
import {
  type DialRequest,
  frameBytesMax,
  refusedCode,
  type WebSocketPlatform,
} from './platform.ts';
import { subprotocolFault } from './subprotocol.ts';

/**
 * How many bytes may wait in the browser while a socket is `writable`: two of the largest frames.
 */
const bufferedBytesMax = 2 * frameBytesMax;
/**
 * How often a full socket checks whether it still is, since browsers have no event for that. In a
 * background page, timers may run only once a second or once a minute, so arriving frames trigger
 * the check as well.
 */
const drainPollMs = 4;

/** The `readyState` of a socket that is completely closed. */
const readyStateClosed = 3;

/** The parts of the platform's `WebSocket` in use (HTML, 9.3 "WebSockets"). */
interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  readonly protocol: string;
  send(data: Uint8Array): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason?: string }) => void) | null;
}

/** WebSockets of a browser, or of another runtime that has them. They can only dial. */
export const platform: WebSocketPlatform = {
  optionProblems: ({ dial: options = {} }) =>
    Object.keys(options).map((name) => `dial.${name} is not supported in browsers: leave it out`),

  listen: () =>
    throwError(
      () => new RxmeshError('RXMESH_LISTEN_FAILED', 'a browser cannot listen: leave out `listen`'),
    ),

  dial,
};

function dial(endpoint: Endpoint, { clock, protocols }: DialRequest): Observable<FrameSocket> {
  return new Observable((subscriber) => {
    const url = urlOf(endpoint);
    const fail = (cause: unknown): void => {
      subscriber.error(errorOf(cause, 'RXMESH_DIAL_FAILED', `dialing ${url}`));
    };
    let ws: WebSocketLike;
    try {
      ws = openWebSocket(url, protocols);
    } catch (cause) {
      // For example, a page loaded over TLS may not open an insecure socket.
      fail(cause);
      return undefined;
    }
    let open = false;
    ws.binaryType = 'arraybuffer';
    // Browsers hide the cause from pages: the close code is all there is.
    ws.onclose = ({ code }) => {
      const message = `dialing ${url}: the connection failed (close code ${code})`;
      subscriber.error(new RxmeshError('RXMESH_DIAL_FAILED', message));
    };
    ws.onopen = () => {
      const fault = subprotocolFault(ws.protocol);
      if (fault !== undefined) {
        fail(new Error(fault));
        return;
      }
      open = true;
      subscriber.next(new WebSocketSocket(ws, endpoint, clock));
      subscriber.complete();
    };
    return () => {
      if (!open) ws.close();
    };
  });
}

/**
 * @throws {RxmeshError} `RXMESH_ENDPOINT_INVALID`, as `endpointUrl`, and for endpoints that
 *   browsers cannot dial
 */
function urlOf(endpoint: Endpoint): string {
  const { ip, host } = endpoint;
  if (host !== undefined || ip === undefined || zoneOf(ip) === undefined)
    return endpointUrl(endpoint);
  const text = `cannot dial ${formatEndpoint(endpoint)}: browsers do not support IPv6 zones`;
  throw new RxmeshError('RXMESH_ENDPOINT_INVALID', text);
}

function openWebSocket(url: string, protocols: readonly string[]): WebSocketLike {
  const { WebSocket } = globalThis as unknown as {
    WebSocket?: new (url: string, protocols: readonly string[]) => WebSocketLike;
  };
  if (WebSocket === undefined)
    throw new TypeError('this platform must have WebSocket: globalThis.WebSocket is undefined');
  return new WebSocket(url, protocols);
}

/** A socket over an open `WebSocket` of the platform. */
class WebSocketSocket implements FrameSocket {
  readonly direction: Direction = 'outbound';
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly drained$: Observable<void>;

  readonly #ws: WebSocketLike;
  readonly #clock: Clock;
  readonly #inbox = new FrameInbox(() => undefined);
  readonly #drained = new Subject<void>();
  #poll: Subscription | undefined;
  #ended = false;

  constructor(ws: WebSocketLike, endpoint: Endpoint, clock: Clock) {
    this.#ws = ws;
    this.#clock = clock;
    // A page cannot find out its own address.
    this.local = { protocol: endpoint.protocol };
    this.remote = endpoint;
    this.drained$ = this.#drained.asObservable();
    ws.onmessage = ({ data }) => this.#receive(data);
    ws.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  get frames$(): Observable<Uint8Array> {
    return this.#inbox.frames$;
  }

  get writable(): boolean {
    return !this.#ended && this.#ws.bufferedAmount < bufferedBytesMax;
  }

  send(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#ws.send(frame);
    if (!this.writable) this.#awaitDrain();
  }

  /** Browsers cannot pause reading; only credit limits what arrives. */
  pause(): void {
    return undefined;
  }

  close(): void {
    if (this.#ended) return;
    this.#end(undefined, true);
    this.#ws.close(1000);
  }

  /** A browser can only close; data that waits is written out nevertheless. */
  destroy(): void {
    this.close();
  }

  get closed(): boolean {
    return this.#ws.readyState === readyStateClosed;
  }

  toString(): string {
    return `-> ${formatEndpoint(this.remote)}`;
  }

  #awaitDrain(): void {
    this.#poll ??= this.#clock.schedule(() => {
      this.#poll = undefined;
      if (this.writable) this.#drained.next();
      else if (!this.#ended) this.#awaitDrain();
    }, drainPollMs);
  }

  #lookForDrain(): void {
    if (this.#poll === undefined || !this.writable) return;
    this.#poll.unsubscribe();
    this.#poll = undefined;
    this.#drained.next();
  }

  #receive(data: unknown): void {
    if (this.#ended) return;
    if (!isArrayBuffer(data)) {
      this.#violation('a text message arrived');
    } else if (data.byteLength > frameBytesMax) {
      this.#violation(`a frame of ${data.byteLength} bytes arrived`);
    } else {
      try {
        this.#inbox.push(new Uint8Array(data));
      } catch (error) {
        this.#end(error as RxmeshError, true);
        this.#ws.close(4000);
        return;
      }
      this.#lookForDrain();
    }
  }

  #violation(what: string): void {
    const message = `${this.toString()}: ${what}`;
    this.#end(new RxmeshError('RXMESH_PROTOCOL_VIOLATION', message), true);
    // Pages may not send 1003 or 1009 themselves (WebSockets Standard, close()).
    this.#ws.close(4000);
  }

  #closed(code: number, reason = ''): void {
    if (code === refusedCode && reason !== '') {
      this.#end(refusedError(this.toString(), reason), false);
      return;
    }
    const meant = code === 1000 || code === 1001 || code === 1005;
    const message = `${this.toString()}: the other side closed with code ${code}`;
    const error = meant ? undefined : new RxmeshError('RXMESH_CONNECTION_FAILED', message);
    this.#end(error, false);
  }

  #end(error: RxmeshError | undefined, drop: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#poll?.unsubscribe();
    this.#inbox.end(error, drop);
    this.#drained.complete();
  }
}
