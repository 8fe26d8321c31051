import type { Observable } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { RxmeshError } from '../model/error.ts';
import type { Identity } from '../model/identity.ts';
import type { NodeId } from '../model/id.ts';
import type { NodeInfo } from '../model/node-info.ts';
import type { Link } from './link.ts';

/** What a node proves and tells of itself in a handshake. */
export interface Self {
  readonly identity: Identity;
  readonly nodeInfo: NodeInfo;
}

/**
 * A way to reach other nodes. It makes connections, and knows nothing of peers and channels.
 * A transport of your own passes the suite `transportConformance` of `rxmesh/testing`.
 */
export interface Transport {
  /** Schemes of the addresses that it can dial, in lower case: `['ws', 'wss']`. */
  readonly protocols: readonly string[];

  /**
   * Where it listens now; empty before, after, and for one that only dials.
   * An unspecified IP and an assigned port are listed as they are.
   */
  readonly endpoints: readonly Endpoint[];

  /**
   * What `endpoints` is: now, and after each change. Completes when the transport is closed.
   * It tells when a transport listens, which may take a while after `incoming$` was subscribed.
   */
  readonly endpoints$: Observable<readonly Endpoint[]>;

  /**
   * The connections that others dial to us. Subscribing starts listening (for a transport that only
   * dials: completes at once), unsubscribing stops it, and neither ends a connection that exists.
   * One subscriber at a time. It completes when the transport is closed, at once if it is already.
   *
   * One failed accept is not the end: the transport reports it to nobody and goes on. A router
   * subscribes again after an error, with waits that grow; only completion is the end.
   * @throws {RxmeshError} `RXMESH_LISTEN_FAILED`: it could not listen at all (a port in use)
   */
  readonly incoming$: Observable<Connection>;

  /**
   * Requests to connect that it turned away itself, so that `incoming$` never had them: those of a
   * web page that is not welcome, say. Absent where there are none. It never errors, and completes
   * when the transport is closed.
   */
  readonly refused$?: Observable<Refusal>;

  /**
   * One connection to `endpoint`, then completion. Unsubscribing before that cancels the attempt
   * and releases its socket. A closed transport can still dial.
   * @throws {RxmeshError} `RXMESH_DIAL_FAILED`, `RXMESH_ENDPOINT_INVALID`, as error notifications
   */
  dial(endpoint: Endpoint): Observable<Connection>;

  /** Stops listening, for good. Connections stay. Doing it twice is fine. */
  close(): void;

  toString(): string;
}

/** A request to connect that a transport turned away, and why. */
export interface Refusal {
  readonly remote: Endpoint;
  readonly error: RxmeshError;
}

/** Whether a value from outside is a list of transports. */
export function isTransports(value: unknown): value is readonly Transport[] {
  return Array.isArray(value) && value.every(isTransport);
}

/** Whether a value from outside is a transport. */
export function isTransport(value: unknown): value is Transport {
  if (typeof value !== 'object' || value === null) return false;
  return 'dial' in value && typeof value.dial === 'function';
}

/** A connection on which nobody has proved anything yet. */
export interface Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;

  /**
   * Proves who we are, demands the same of the other side, and exchanges node infos. Emits the
   * proven link and completes. Unsubscribing before that closes the connection, and so does an
   * error. It has no timeout of its own. Call it once.
   *
   * @param expected the node that was dialed, if that is known. A side that dialed tells nothing of
   *   itself to another node, which fails with `RXMESH_IDENTITY_MISMATCH`; without it, it does so
   *   to whoever answers
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED`, `RXMESH_IDENTITY_MISMATCH`,
   *   `RXMESH_CONNECTION_CLOSED`, as error notifications
   */
  handshake(self: Self, expected?: NodeId): Observable<Link>;

  /** Closes it at once, unproven. Doing it twice is fine. */
  close(): void;

  toString(): string;
}
