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
import { RxmeshError, toRxmeshError } from '../lib/model/error.ts';
import { formatEndpoint } from '../lib/model/endpoint.ts';
import { nodeIdFromPublicKey } from '../lib/model/id.ts';
import { checkCompatible, validateNodeInfo } from '../lib/model/node-info.ts';
import type { Attempt, Proven } from '../lib/transport/attempt.ts';
import { byeReasonOf } from '../lib/transport/bye-reason.ts';
import { HalfOpen, type Place } from '../lib/transport/half-open.ts';
import type { Link } from '../lib/transport/link.ts';
import type { Connection, Self } from '../lib/transport/transport.ts';

/** Options of `handshake`. */
export interface HandshakeOptions {
  /** Who we are: asked at each handshake, since the node info names the channels that are open. */
  readonly self: () => Self;
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** How long a handshake may take, in milliseconds; 0: no limit. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * Handshakes at a time; beyond that a connection takes the place of one that has proved nothing
   * for 500 ms, or is closed at once. Default: no limit.
   */
  readonly concurrency?: number;
  /**
   * Of these, those with one host: an IPv4 address, the /64 of an IPv6 one, or the path of an
   * endpoint without IP. Default: no limit.
   */
  readonly concurrencyPerHost?: number;
  /** Hears why a connection was turned away. It is closed by then. */
  readonly onFailure: (error: RxmeshError, attempt: Attempt) => void;
}

/** Options with a clock, which does not fail. */
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
 * Makes proven links of connections: at most `concurrency` handshakes run in parallel, with one
 * host `concurrencyPerHost`, each within its time. A connection that fails is closed and told to
 * `onFailure`; the stream goes on. When the places are full, a newcomer displaces an idler: of the
 * host that holds most of them, the one that has taken longest, if that is 500 ms or more.
 *
 *     in   -a-bc--------|
 *          handshake({ concurrency: 2, timeoutMs: 5 })   a takes 4, b never answers
 *     out  -----A-------|
 *     onFailure c---b           c: too many, b: too late
 *
 * It tells `Connection.handshake` which node was dialed, so that another one learns nothing of us.
 * Beyond what that proves, it checks the same again, for transports with a wire of their own, that
 * the peer is not this node itself, that its node info is valid, and that the two are compatible.
 *
 * Failures: `RXMESH_TOO_MANY_HANDSHAKES`, `RXMESH_HANDSHAKE_TIMEOUT`, `RXMESH_HANDSHAKE_FAILED`,
 * `RXMESH_IDENTITY_MISMATCH`, `RXMESH_SELF_CONNECTION`, `RXMESH_NODE_INFO_INVALID`,
 * `RXMESH_INCOMPATIBLE`, `RXMESH_CONNECTION_CLOSED`. A handshake for which `self` throws has
 * failed. What `onFailure` throws is reported as unhandled, and the stream goes on.
 *
 * @throws {TypeError} for options that are not what they have to be
 * @throws {RangeError} for a time that no timer takes, or a concurrency below 1
 */
export function handshake(
  options: HandshakeOptions,
): OperatorFunction<Attempt | Connection, Proven> {
  checkOptions('handshake', options, optionKinds);
  const { concurrency = Infinity, concurrencyPerHost = Infinity, timeoutMs } = options;
  checkTimes('handshake', { timeoutMs });
  for (const [name, count] of Object.entries({ concurrency, concurrencyPerHost })) {
    if (!(count >= 1)) throw new RangeError(`handshake: ${name} is at least 1, not ${count}`);
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
            close(connection);
            onFailure(new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', place), attempt);
            return EMPTY;
          }
          const leave = (): void => running.leave(place);
          return merge(prove(attempt, settings), displaced(place, connection)).pipe(
            take(1),
            // Over before anybody hears of it, who might bring the next connection at once.
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

/** Errors when the place goes to a newcomer; the connection is closed by then. */
function displaced(place: Place, connection: Connection): Observable<never> {
  return new Observable((subscriber) => {
    place.onDisplaced = () => {
      close(connection);
      const text = `handshake with ${formatEndpoint(connection.remote)}: it made room for another`;
      subscriber.error(new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', text));
    };
  });
}

/** Closes a connection that is turned away. What a transport's own `close` throws is reported. */
const close = hook((connection: Connection) => connection.close());

/** What a connection proves, if that is all right. */
function prove(attempt: Attempt, options: Settings): Observable<Proven> {
  return defer(() => {
    const self = selfFor(attempt.connection, options);
    return linkOf(attempt, self, options).pipe(map((link) => provenOf(link, self, attempt)));
  });
}

/** What `options.self` says; if it throws, the connection is closed. */
function selfFor(connection: Connection, options: HandshakeOptions): Self {
  try {
    return options.self();
  } catch (thrown) {
    close(connection);
    throw thrown;
  }
}

/** The link of a connection, within its time. A connection that gives none is closed. */
function linkOf({ connection, address }: Attempt, self: Self, options: Settings): Observable<Link> {
  const { clock, timeoutMs = 10_000 } = options;
  const error = (code: 'RXMESH_HANDSHAKE_TIMEOUT' | 'RXMESH_HANDSHAKE_FAILED', text: string) =>
    new RxmeshError(code, `handshake with ${formatEndpoint(connection.remote)}: ${text}`);
  return defer(() => connection.handshake(self, address?.id)).pipe(
    withDeadline(clock, timeoutMs, () =>
      error('RXMESH_HANDSHAKE_TIMEOUT', `no answer within ${timeoutMs} ms`),
    ),
    throwIfEmpty(() => error('RXMESH_HANDSHAKE_FAILED', 'it ended without a link')),
    tap({ error: () => close(connection) }),
  );
}

/**
 * A link with its peer's ID, after all that can be checked of it. Closes the link if it is not
 * good.
 */
function provenOf(link: Link, self: Self, { address }: Attempt): Proven {
  try {
    validateNodeInfo(link.nodeInfo);
    const id = nodeIdFromPublicKey(link.publicKey);
    const mismatch = (text: string): RxmeshError =>
      new RxmeshError('RXMESH_IDENTITY_MISMATCH', text, { peer: id });
    if (link.nodeInfo.nodeId !== id) {
      throw mismatch(`a peer that calls itself ${link.nodeInfo.nodeId} has the key of ${id}`);
    }
    if (id === self.identity.id) {
      throw new RxmeshError('RXMESH_SELF_CONNECTION', 'the peer is this node itself', { peer: id });
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
