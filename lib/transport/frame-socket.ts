import type { Observable } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';

/**
 * What a simple transport has to offer: frames of bytes, both ways, in order, with their borders
 * kept. `secureDial` and `secureAccept` (in `lib/secure`) make a `Connection` of it.
 */
export interface FrameSocket {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;

  /**
   * What arrives; one subscriber, once. Frames that arrive before it subscribes are kept (at most a
   * few: beyond that the socket ends with an error). Completes when the other side has closed,
   * errors with `RXMESH_CONNECTION_FAILED` when the socket fails. A frame is never written to after
   * it was handed over.
   */
  readonly frames$: Observable<Uint8Array>;

  /** Writes a frame, which is the socket's from then on. After the end it does nothing. */
  send(frame: Uint8Array): void;
  /** Whether another frame may be sent now without piling up memory. */
  readonly writable: boolean;
  /** Emits when `writable` has become true again. Completes with the socket. */
  readonly drained$: Observable<void>;

  /**
   * How many bytes have arrived so far, those of half a frame as well: a sign of life on a slow
   * line. Absent where the platform does not tell.
   */
  readonly arrivedBytes?: number | undefined;

  /** Stops (`true`) or resumes reading, where the platform can. */
  pause(paused: boolean): void;

  /** Writes out what was sent, then closes both directions. Doing it twice is fine. */
  close(): void;
  /** Closes both directions at once, dropping what waits. Doing it twice is fine. */
  destroy(): void;
  /**
   * Whether nothing is left of it, after `close`, `destroy` or a failure. After `close` that tells
   * that the other side has read what was sent, or has not in time, or has gone.
   */
  readonly closed: boolean;

  toString(): string;
}
