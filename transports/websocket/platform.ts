import type { Observable } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import type { Refusal } from '../../lib/transport/transport.ts';
import type { WebSocketDialOptions, WebSocketListenOptions, WebSocketOptions } from './options.ts';

/**
 * What the WebSocket transport needs of Node (`socket.node.ts`) or of a browser (`socket.web.ts`).
 */
export interface WebSocketPlatform {
  /** What is wrong with the options here, a sentence each. */
  optionProblems(options: WebSocketOptions): readonly string[];

  /**
   * Opens a WebSocket to an endpoint that was checked, then completes. Errors with
   * `RXMESH_DIAL_FAILED`.
   */
  dial(endpoint: Endpoint, request: DialRequest): Observable<FrameSocket>;

  /**
   * The sockets that others open; listens while subscribed. `bound` hears where, once that is
   * known, and `refused` of requests that were turned away. Errors with `RXMESH_LISTEN_FAILED`.
   */
  listen(
    options: WebSocketListenOptions,
    bound: (endpoints: readonly Endpoint[]) => void,
    refused?: (refusal: Refusal) => void,
    clock?: Clock,
  ): Observable<DialedSocket>;
}

/** What a dial needs beside its endpoint. */
export interface DialRequest {
  readonly options: WebSocketDialOptions;
  readonly clock: Clock;
  /** The subprotocols to offer. */
  readonly protocols: readonly string[];
}

/** A socket that another node has opened. */
export interface DialedSocket {
  readonly socket: FrameSocket;
  /** The dialer's hello, which came with the upgrade. */
  readonly hello: Uint8Array;
}

/**
 * The largest frame: a record of 128 KiB and its tag of 16 bytes. One that is larger ends the
 * socket.
 */
export const frameBytesMax = 131_088;
/** Frames that are kept for a socket that nobody has subscribed to; one more ends it. */
export const framesEarlyMax = 16;
/** How long closing waits for the other side before it cuts the connection. */
export const closeTimeoutMs = 2_000;
