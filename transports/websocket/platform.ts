import type { Observable } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import type { Refusal } from '../../lib/transport/transport.ts';
import type { WebSocketDialOptions, WebSocketListenOptions, WebSocketOptions } from './options.ts';

/**
 * The platform-specific part of the WebSocket transport: Node (`socket.node.ts`) or a browser
 * (`socket.web.ts`).
 */
export interface WebSocketPlatform {
  /** Returns what is wrong with the options on this platform, one sentence each. */
  optionProblems(options: WebSocketOptions): readonly string[];

  /**
   * Opens a WebSocket to a validated endpoint, then completes. Errors with `RXMESH_DIAL_FAILED`.
   */
  dial(endpoint: Endpoint, request: DialRequest): Observable<FrameSocket>;

  /**
   * Emits the sockets that other nodes open, and listens while subscribed. `bound` is called with
   * the endpoints once they are known, and `refused` with requests that were rejected. Errors with
   * `RXMESH_LISTEN_FAILED`.
   */
  listen(
    options: WebSocketListenOptions,
    bound: (endpoints: readonly Endpoint[]) => void,
    refused?: (refusal: Refusal) => void,
    clock?: Clock,
  ): Observable<DialedSocket>;
}

/** Parameters of a dial besides its endpoint. */
export interface DialRequest {
  readonly options: WebSocketDialOptions;
  readonly clock: Clock;
  /** The subprotocols to offer. */
  readonly protocols: readonly string[];
}

/** A socket that another node has opened. */
export interface DialedSocket {
  readonly socket: FrameSocket;
  /** The dialer's hello, which came with the upgrade request. */
  readonly hello: Uint8Array;
}

/** The largest frame: a record of 128 KiB and its tag of 16 bytes. A larger one ends the socket. */
export const frameBytesMax = 131_088;
/** How many frames are kept for a socket without a subscriber; another one ends it. */
export const framesEarlyMax = 16;
/** The close code of a connection that is refused; with a reason, the other side reports it. */
export const refusedCode = 1008;
/** How long closing waits for the other side before it cuts the connection, in milliseconds. */
export const closeTimeoutMs = 2_000;
