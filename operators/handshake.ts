import {
  catchError,
  defer,
  EMPTY,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
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
import { HalfOpen } from '../lib/transport/half-open.ts';
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
  /** Handshakes at a time; a connection beyond that is closed at once. Default: no limit. */
  readonly concurrency?: number;
  /**
   * Of these, those with one host: an IPv4 address, the /64 of an IPv6 one, or the path of an endpoint
   * without IP. Default: no limit.
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
 * Makes proven links of connections: at most `concurrency` handshakes run in parallel, with one host
 * `concurrencyPerHost`, each within its time. A connection that fails is closed and told to `onFailure`; the stream goes on.
 *
 *     in   -a-bc--------|
 *          handshake({ concurrency: 2, timeoutMs: 5 })   a takes 4, b never answers
 *     out  -----A-------|
 *     onFailure c---b           c: too many, b: too late
 *
 * It tells `Connection.handshake` which node was dialed, so that another one learns nothing of us. Beyond what
 * that proves, it checks the same again, for transports with a wire of their own, that the peer is not this node itself, that its node info is valid, and that the two are compatible.
 *
 * Failures: `RXMESH_TOO_MANY_HANDSHAKES`, `RXMESH_HANDSHAKE_TIMEOUT`, `RXMESH_HANDSHAKE_FAILED`,
 * `RXMESH_IDENTITY_MISMATCH`, `RXMESH_SELF_CONNECTION`, `RXMESH_NODE_INFO_INVALID`, `RXMESH_INCOMPATIBLE`,
 * `RXMESH_CONNECTION_CLOSED`. A handshake for which `self` throws has failed. What `onFailure` throws
 * is reported as unhandled, and the stream goes on.
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
      const running = new HalfOpen(concurrency, concurrencyPerHost);
      return source.pipe(
        mergeMap((given) => {
          const attempt = 'connection' in given ? given : { connection: given };
          const { connection } = attempt;
          const { remote } = connection;
          const full = running.enter(remote);
          if (full !== undefined) {
            close(connection);
            onFailure(new RxmeshError('RXMESH_TOO_MANY_HANDSHAKES', full), attempt);
            return EMPTY;
          }
          return prove(attempt, settings).pipe(
            // Over before anybody hears of it, who might bring the next connection at once.
            tap({ next: () => running.leave(remote), error: () => running.leave(remote) }),
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

/** A link with its peer's ID, after all that can be checked of it. Closes the link if it is not good. */
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
