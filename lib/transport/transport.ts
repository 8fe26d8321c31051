import type { Observable } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { RxmeshError } from '../model/error.ts';
import type { Identity } from '../model/identity.ts';
import type { NodeId } from '../model/id.ts';
import type { NodeInfo } from '../model/node-info.ts';
import type { FrameSocket } from './frame-socket.ts';
import type { Link } from './link.ts';

/** What a node proves and announces in a handshake. */
export interface Self {
  readonly identity: Identity;
  readonly nodeInfo: NodeInfo;
}

/**
 * A way to reach other nodes. A transport creates connections and knows nothing about peers or
 * channels. A transport of your own should pass the suite `transportConformance` of
 * `rxmesh/testing`.
 */
export interface Transport {
  /** Schemes of the addresses that it can dial, in lower case: `['ws', 'wss']`. */
  readonly protocols: readonly string[];

  /**
   * Where it is listening now. Empty before and after that, and for a transport that only dials. An
   * unspecified IP and an assigned port are listed as they are.
   */
  readonly endpoints: readonly Endpoint[];

  /**
   * Emits `endpoints`: the current value, then each change. Completes when the transport is closed.
   * Listening may start some time after `incoming$` was subscribed to; this shows when.
   */
  readonly endpoints$: Observable<readonly Endpoint[]>;

  /**
   * Connections dialed by other nodes. Subscribing starts listening (a transport that only dials
   * completes immediately), and unsubscribing stops it; neither affects existing connections. One
   * subscriber at a time. Completes when the transport is closed, or immediately if it already is.
   *
   * A failed accept is not an error: the transport ignores it and keeps listening. After an error a
   * router subscribes again, with increasing delays; only completion is final.
   * @throws {RxmeshError} `RXMESH_LISTEN_FAILED` if it could not listen at all (a port in use)
   */
  readonly incoming$: Observable<Connection>;

  /**
   * Connection requests that the transport itself rejected, so that they never reached `incoming$`,
   * such as those of a web page with a disallowed origin. Undefined if it rejects none. Never
   * errors; completes when the transport is closed.
   */
  readonly refused$?: Observable<Refusal>;

  /**
   * Emits one connection to `endpoint` and completes. Unsubscribing earlier cancels the attempt and
   * releases its socket. A closed transport can still dial.
   * @throws {RxmeshError} `RXMESH_DIAL_FAILED`, `RXMESH_ENDPOINT_INVALID`, as error notifications
   */
  dial(endpoint: Endpoint): Observable<Connection>;

  /** Stops listening for good. Connections are kept. Calling it again does nothing. */
  close(): void;

  toString(): string;
}

/** A connection request that a transport rejected, and why. */
export interface Refusal {
  readonly remote: Endpoint;
  readonly error: RxmeshError;
}

/** Whether a value passed in by a user is a list of transports. */
export function isTransports(value: unknown): value is readonly Transport[] {
  return Array.isArray(value) && value.every(isTransport);
}

/** Whether a value passed in by a user is a transport. */
export function isTransport(value: unknown): value is Transport {
  if (typeof value !== 'object' || value === null) return false;
  return 'dial' in value && typeof value.dial === 'function';
}

/** A connection that has not been authenticated yet. */
export interface Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;

  /**
   * Runs the handshake: proves our identity, verifies the peer's, and exchanges node infos. Emits
   * the resulting link and completes. An error closes the connection, and so does unsubscribing
   * early. There is no timeout. Call it once.
   *
   * @param expected the node that was dialed, if known. The dialing side reveals nothing about
   *   itself to any other node and fails with `RXMESH_IDENTITY_MISMATCH`. If undefined, it reveals
   *   itself to any node that answers
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED`, `RXMESH_IDENTITY_MISMATCH`,
   *   `RXMESH_PEER_REFUSED`, `RXMESH_CONNECTION_CLOSED`, as error notifications
   */
  handshake(self: Self, expected?: NodeId): Observable<Link>;

  /**
   * Closes it immediately, without a handshake. Calling it again does nothing.
   *
   * @param reason why, for the other side: its handshake fails with `RXMESH_PEER_REFUSED` and this
   *   text. Printable ASCII; only the first 100 characters are sent. Default: the other side learns
   *   only that the connection is gone
   */
  close(reason?: string): void;

  /**
   * Puts something between the connection and its socket, such as the faults of a test: `wrap` is
   * given the socket, and returns the one to use in its place. Only before the handshake. Undefined
   * for connections that are not made of a `FrameSocket`; those of `secureDial` and `secureAccept`
   * are.
   * @throws {TypeError} once the handshake has begun
   */
  wrapSocket?(wrap: (socket: FrameSocket) => FrameSocket): void;

  toString(): string;
}
