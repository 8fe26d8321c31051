import {
  catchError,
  defer,
  EMPTY,
  map,
  merge,
  mergeMap,
  Observable,
  type OperatorFunction,
  take,
  tap,
  throwIfEmpty,
} from 'rxjs';
import { aClock, checkTimes, systemClock, withDeadline, type Clock } from '../lib/flow/clock.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { hook } from '../lib/flow/hook.ts';
import {
  aFunction,
  aNumber,
  checkOptions,
  type OptionKinds,
  required,
} from '../lib/model/check-options.ts';
import { mustBe } from '../lib/model/described.ts';
import { RxmeshError, toRxmeshError } from '../lib/model/error.ts';
import { formatEndpoint } from '../lib/model/endpoint.ts';
import { nodeIdFromPublicKey } from '../lib/model/id.ts';
import { checkCompatible, validateNodeInfo } from '../lib/model/node-info.ts';
import type { Attempt, Proven } from '../lib/transport/attempt.ts';
import { byeReasonOf } from '../lib/transport/bye-reason.ts';
import { HalfOpen, type Place } from '../lib/transport/half-open.ts';
import type { Link } from '../lib/transport/link.ts';
import { reasonOf } from '../lib/transport/refusal.ts';
import type { Connection, Self } from '../lib/transport/transport.ts';

/** Options of `handshake`. */
export interface HandshakeOptions {
  /**
   * Returns who we are. Called for each handshake, since the node info lists the open channels, and
   * may list other addresses for each peer.
   */
  readonly self: (connection: Connection) => Self;
  /** Default: the system clock. */
  readonly clock?: Clock;
  /** How long a handshake may take, in milliseconds; 0: no limit. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * The most handshakes at a time. Beyond that, a new connection displaces one that has proved
   * nothing for at least 500 ms, or is closed immediately. Default: no limit.
   */
  readonly concurrency?: number;
  /**
   * The most handshakes at a time per host: an IPv4 address, the /64 of an IPv6 address, or the
   * path of an endpoint without an IP. Default: no limit.
   */
  readonly concurrencyPerHost?: number;
  /** Called with the reason when a connection was rejected. It is closed by then. */
  readonly onFailure: (error: RxmeshError, attempt: Attempt) => void;
}

/** Options with a clock that never fails. */
type Settings = HandshakeOptions & { readonly clock: Clock };

const optionKinds: OptionKinds<HandshakeOptions> = {
  self: required(aFunction),
  clock: aClock,
  timeoutMs: aNumber,
  concurrency: aNumber,
  concurrencyPerHost: aNumber,
  onFailure: required(aFunction),
};

/**
 * Authenticates connections: at most `concurrency` handshakes run in parallel, and at most
 * `concurrencyPerHost` with one host, each with a timeout. A connection that fails is closed and
 * reported to `onFailure`, and the stream continues. When all places are taken, a newcomer
 * displaces an idler: from the host with the most places, the connection that has taken longest, if
 * that is at least 500 ms.
 *
 *     in   -a-bc--------|
 *          handshake({ concurrency: 2, timeoutMs: 5 })   a takes 4, b never answers
 *     out  -----A-------|
 *     onFailure c---b           c: too many, b: too late
 *
 * `Connection.handshake` gets the ID of the node that was dialed, so that no other node learns
 * anything about us. In addition, the operator verifies that the peer is not this node itself, that
 * its node info is valid and that the two are compatible, in case a transport with its own wire
 * protocol does not.
 *
 * Failures: `RXMESH_TOO_MANY_HANDSHAKES`, `RXMESH_HANDSHAKE_TIMEOUT`, `RXMESH_HANDSHAKE_FAILED`,
 * `RXMESH_IDENTITY_MISMATCH`, `RXMESH_SELF_CONNECTION`, `RXMESH_NODE_INFO_INVALID`,
 * `RXMESH_INCOMPATIBLE`, `RXMESH_CONNECTION_CLOSED`. If `self` throws, the handshake has failed. An
 * exception from `onFailure` is reported as unhandled, and the stream continues.
 *
 * @throws {TypeError} for invalid options
 * @throws {RangeError} for a time that timers do not support, or a concurrency below 1
 */
export function handshake(
  options: HandshakeOptions,
): OperatorFunction<Attempt | Connection, Proven> {
  checkOptions('handshake', options, optionKinds);
  const { concurrency = Infinity, concurrencyPerHost = Infinity, timeoutMs } = options;
  checkTimes('handshake', { timeoutMs });
  for (const [name, count] of Object.entries({ concurrency, concurrencyPerHost })) {
    if (count >= 1) continue;
    throw new RangeError(`handshake: ${mustBe(name, 'a number of at least 1', count)}`);
  }
  const settings = { ...options, clock: guardedClock(options.clock ?? systemClock) };
  const onFailure = hook(options.onFailure);
  return (source) =>
    defer(() => {
      const { clock } = settings;
      const running = new HalfOpen({
        countMax: concurrency,
        perHostMax: concurrencyPerHost,
        clock,
      });
      return source.pipe(
        mergeMap((given) => {
          const attempt = 'connection' in given ? given : { connection: given };
          const { connection } = attempt;
          const { remote } = connection;
          const place = running.enter(remote);
          if (typeof place === 'string') {
            const error = new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', place);
            close(connection, reasonOf(error));
            onFailure(error, attempt);
            return EMPTY;
          }
          const leave = (): void => running.leave(place);
          return merge(prove(attempt, settings), displaced(place, connection)).pipe(
            take(1),
            // Release the place before emitting, since the subscriber may bring the next connection
            // synchronously.
            tap({ next: leave, error: leave }),
            catchError((thrown: unknown) => {
              const text = `handshake with ${formatEndpoint(remote)}`;
              onFailure(toRxmeshError(thrown, 'RXMESH_HANDSHAKE_FAILED', text), attempt);
              return EMPTY;
            }),
          );
        }),
      );
    });
}

/** Errors when the place is given to a newcomer; the connection is closed by then. */
function displaced(place: Place, connection: Connection): Observable<never> {
  return new Observable((subscriber) => {
    place.onDisplaced = () => {
      const remote = formatEndpoint(connection.remote);
      const text = `handshake with ${remote}: it was displaced by a newer connection`;
      const error = new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', text);
      close(connection, reasonOf(error));
      subscriber.error(error);
    };
  });
}

/** Closes a rejected connection. An exception from a transport's own `close` is reported. */
const close = hook((connection: Connection, reason?: string) => connection.close(reason));

/** Emits what a connection proves, if everything checks out. */
function prove(attempt: Attempt, options: Settings): Observable<Proven> {
  return defer(() => {
    const self = selfFor(attempt.connection, options);
    return linkOf(attempt, self, options).pipe(map((link) => provenOf(link, self, attempt)));
  });
}

/** Calls `options.self`; if it throws, closes the connection. */
function selfFor(connection: Connection, options: HandshakeOptions): Self {
  try {
    return options.self(connection);
  } catch (thrown) {
    close(connection);
    throw thrown;
  }
}

/** Emits the link of a connection, within the timeout. A connection without a link is closed. */
function linkOf({ connection, address }: Attempt, self: Self, options: Settings): Observable<Link> {
  const { clock, timeoutMs = 10_000 } = options;
  const error = (code: 'RXMESH_HANDSHAKE_TIMEOUT' | 'RXMESH_HANDSHAKE_FAILED', text: string) =>
    new RxmeshError(code, `handshake with ${formatEndpoint(connection.remote)}: ${text}`);
  return defer(() => connection.handshake(self, address?.id)).pipe(
    withDeadline(clock, timeoutMs, () =>
      error('RXMESH_HANDSHAKE_TIMEOUT', `no answer within ${timeoutMs} ms`),
    ),
    throwIfEmpty(() => error('RXMESH_HANDSHAKE_FAILED', 'the transport completed without a link')),
    tap({ error: () => close(connection) }),
  );
}

/**
 * Checks everything that can be checked about a link, and returns it with its peer's ID. Closes the
 * link if a check fails.
 */
function provenOf(link: Link, self: Self, { address }: Attempt): Proven {
  try {
    validateNodeInfo(link.nodeInfo);
    const id = nodeIdFromPublicKey(link.publicKey);
    const mismatch = (text: string): RxmeshError =>
      new RxmeshError('RXMESH_IDENTITY_MISMATCH', text, { peer: id });
    if (link.nodeInfo.nodeId !== id) {
      throw mismatch(
        `the node info of the peer says ${link.nodeInfo.nodeId}, but its key is that of ${id}`,
      );
    }
    if (id === self.identity.id) {
      const text = 'the other side has the key of this node: it is this node, or a second one';
      throw new RxmeshError('RXMESH_SELF_CONNECTION', text, { peer: id });
    }
    if (address !== undefined && address.id !== id) {
      throw mismatch(`dialed ${address.id}, but ${id} answered`);
    }
    checkCompatible(self.nodeInfo, link.nodeInfo);
    return { link, id, ...(address && { address }) };
  } catch (thrown) {
    link.close(byeReasonOf(thrown));
    throw thrown;
  }
}
