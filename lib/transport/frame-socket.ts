import type { Observable } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';

/**
 * The interface for simple transports: frames of bytes in both directions, in order, with their
 * boundaries preserved. `secureDial` and `secureAccept` (in `lib/secure`) turn it into a
 * `Connection`.
 */
export interface FrameSocket {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;

  /**
   * The frames that arrive. Subscribe once; earlier frames are kept (only a few: beyond that, the
   * socket ends with an error). Completes when the other side has closed, and errors with
   * `RXMESH_CONNECTION_FAILED` when the socket fails. A frame must not be modified after it was
   * emitted.
   */
  readonly frames$: Observable<Uint8Array>;

  /** Sends a frame, which belongs to the socket from then on. Does nothing after the end. */
  send(frame: Uint8Array): void;
  /** Whether another frame can be sent now without memory piling up. */
  readonly writable: boolean;
  /** Emits when `writable` has become true again. Completes with the socket. */
  readonly drained$: Observable<void>;

  /**
   * How many bytes have arrived so far, including those of incomplete frames: a sign of life on a
   * slow line. Undefined if the platform does not know.
   */
  readonly arrivedBytes?: number | undefined;

  /** Pauses (`true`) or resumes reading, if the platform can. */
  pause(paused: boolean): void;

  /** Writes out what was sent, then closes both directions. Calling it again does nothing. */
  close(): void;
  /**
   * Closes both directions immediately and drops what waits. Calling it again does nothing.
   *
   * @param reason if it is not empty, and the platform can send it, `frames$` of the other side
   *   errors with `RXMESH_PEER_REFUSED` and this text
   */
  destroy(reason?: string): void;
  /**
   * Whether the socket is completely gone, after `close`, `destroy` or a failure. After `close`,
   * that means that the other side has read everything, or did not do so in time, or is gone.
   */
  readonly closed: boolean;

  toString(): string;
}
