import type { Observable } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import type { WebSocketDialOptions, WebSocketListenOptions, WebSocketOptions } from './options.ts';

/** What the WebSocket transport needs of Node (`socket.node.ts`) or of a browser (`socket.web.ts`). */
export interface WebSocketPlatform {
  /** What is wrong with the options here, a sentence each. */
  optionProblems(options: WebSocketOptions): readonly string[];

  /**
   * Opens a WebSocket to an endpoint that was checked, then completes. Errors with
   * `RXMESH_DIAL_FAILED`.
   */
  dial(endpoint: Endpoint, options: WebSocketDialOptions, clock: Clock): Observable<FrameSocket>;

  /**
   * The sockets that others open; listens while subscribed. `bound` hears where, once that is known.
   * Errors with `RXMESH_LISTEN_FAILED`.
   */
  listen(
    options: WebSocketListenOptions,
    bound: (endpoints: readonly Endpoint[]) => void,
    clock?: Clock,
  ): Observable<FrameSocket>;
}

/** The largest frame: a record of 128 KiB and its tag of 16 bytes. One that is larger ends the socket. */
export const frameBytesMax = 131_088;
/** Frames that are kept for a socket that nobody has subscribed to; one more ends it. */
export const framesEarlyMax = 16;
/** How long closing waits for the other side before it cuts the connection. */
export const closeTimeoutMs = 2_000;
