import {
  catchError,
  filter,
  ignoreElements,
  merge,
  type MonoTypeOperatorFunction,
  type Observable,
  takeUntil,
  tap,
} from 'rxjs';
import { accept } from '../../operators/accept.ts';
import { dial } from '../../operators/dial.ts';
import { evict } from '../../operators/evict.ts';
import { handshake } from '../../operators/handshake.ts';
import { rateLimit } from '../../operators/rate-limit.ts';
import { route } from '../../operators/route.ts';
import type { Switchboard } from '../channel/switchboard.ts';
import { afterTurn, type Clock } from '../flow/clock.ts';
import type { NodeAddress } from '../model/address.ts';
import type { RxmeshError } from '../model/error.ts';
import type { ConnectionEnds } from '../model/reach.ts';
import type { PeerManager } from '../peers/peer-manager.ts';
import type { Attempt, Proven } from '../transport/attempt.ts';
import { hostOf } from '../transport/host.ts';
import type { Connection, Self } from '../transport/transport.ts';
import { admitConnections, admitPeers } from './admit-hooks.ts';
import type { Failures } from './failures.ts';
import type { GuardedTransport } from './guarded-transport.ts';
import type { Listening } from './listening.ts';
import type { RouterSettings } from './options.ts';
import type { Outcomes } from './outcomes.ts';

/** What the pipelines of a node join. */
export interface MeshParts {
  readonly settings: Pick<RouterSettings, 'admit' | 'limits' | 'timeouts'>;
  readonly clock: Clock;
  readonly transports: readonly GuardedTransport[];
  readonly listening: Listening;
  readonly peers: PeerManager;
  readonly switchboard: Switchboard;
  readonly outcomes: Outcomes;
  readonly failures: Failures;
  /** What this node says about itself over a connection. */
  readonly self: (ends: ConnectionEnds) => Self;
  /** Ends everything except the sessions, which still say goodbye. */
  readonly stopping$: Observable<void>;
}

/**
 * The pipelines of a node, from the connection to the session, which run as long as this is
 * subscribed. It never emits.
 */
export function mesh(parts: MeshParts): Observable<never> {
  const { clock, transports, listening, peers, switchboard, outcomes, failures } = parts;
  const { timeouts, limits } = parts.settings;
  const { connectionsPerSecond: perSecond, connectionsPerSecondPerHost: perHost } = limits;
  const proof = { self: parts.self, clock, timeoutMs: timeouts.handshakeMs };
  const dialFailed = (error: RxmeshError, address: NodeAddress): void =>
    failures.guarded(() => outcomes.dialFailed(error, address));

  const inbound$ = merge(...transports.map((transport) => listening.watch(transport))).pipe(
    filter((connection) => !outcomes.refusesIp(connection)),
    // Before the overall limit, so that the excess of one host does not count towards it.
    rateLimit({
      perSecond: perHost,
      key: ({ remote }) => hostOf(remote),
      clock,
      onDrop: (connection) => outcomes.tooMany(connection, perHost, ' from one host'),
    }),
    // Hosts of chosen peers have an allowance of their own, which strangers elsewhere cannot use
    // up.
    rateLimit({
      perSecond,
      key: ({ remote: { ip } }) => ip !== undefined && peers.isChosenHost(ip),
      clock,
      onDrop: (connection) => outcomes.tooMany(connection, perSecond),
    }),
    admitted(parts),
    handshake({
      ...proof,
      concurrency: limits.handshakes,
      concurrencyPerHost: limits.handshakesPerHost,
      onFailure: (error, attempt) => outcomes.refused(error, attempt.connection),
    }),
  );

  const outbound$ = peers.dials$.pipe(
    afterTurn(clock),
    dial({
      transports,
      clock,
      resolveTimeoutMs: timeouts.resolveMs,
      dialTimeoutMs: timeouts.dialMs,
      onFailure: dialFailed,
    }),
    admitted(parts),
    handshake({
      ...proof,
      onFailure: (error, { address }) => address && dialFailed(error, address),
    }),
  );

  const accepted$ = merge(inbound$, outbound$).pipe(
    admittedPeers(parts),
    accept({
      switchboard,
      clock,
      timeoutMs: timeouts.handshakeMs,
      concurrency: limits.handshakes,
      concurrencyPerHost: limits.handshakesPerHost,
      claim: (proven) => outcomes.claim(proven),
      onFailure: (error, proven, claimed) =>
        failures.guarded(() => outcomes.notAccepted(error, proven, claimed)),
    }),
    // Before `route`, since the sessions that are up must still say goodbye.
    catchError((thrown: unknown) => failures.fatal(thrown)),
    takeUntil(parts.stopping$),
  );

  // At `stop`, pending offers are withdrawn, while sessions that are up stay until they have said
  // goodbye.
  const sessions$ = accepted$.pipe(
    route(switchboard),
    tap((event) => failures.guarded(() => outcomes.sessionChanged(event))),
  );

  const refused$ = merge(...transports.map((transport) => transport.refused$)).pipe(
    tap(({ error, remote }) => outcomes.refused(error, { direction: 'inbound', remote })),
    takeUntil(parts.stopping$),
  );

  return merge(refused$, sessions$, evicted(parts)).pipe(ignoreElements());
}

function admitted<T extends Attempt | Connection>(parts: MeshParts): MonoTypeOperatorFunction<T> {
  const { settings, clock, failures, outcomes } = parts;
  return admitConnections(settings.admit, {
    clock,
    concurrency: settings.limits.handshakes,
    onRefused: (error, connection, dialed) =>
      failures.guarded(() => outcomes.connectionRefused(error, connection, dialed)),
  });
}

function admittedPeers(parts: MeshParts): MonoTypeOperatorFunction<Proven> {
  const { settings, clock, failures, outcomes } = parts;
  return admitPeers(settings.admit, {
    clock,
    concurrency: settings.limits.handshakes,
    onRefused: (error, proven) => failures.guarded(() => outcomes.peerRefused(error, proven)),
  });
}

/** Reports evictions as events, and then disconnects the peers. */
function evicted({ peers, switchboard, outcomes, failures }: MeshParts): Observable<unknown> {
  return peers.evictions$.pipe(
    tap((eviction) => outcomes.evicted(eviction)),
    evict(switchboard),
    catchError((thrown: unknown) => failures.fatal(thrown)),
  );
}
