import {
  catchError,
  defaultIfEmpty,
  defer,
  EMPTY,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  take,
  tap,
  throwError,
  throwIfEmpty,
} from 'rxjs';
import { aClock, checkTimes, systemClock, withDeadline, type Clock } from '../lib/flow/clock.ts';
import { guardedClock } from '../lib/flow/guarded.ts';
import { hook } from '../lib/flow/hook.ts';
import { formatNodeAddress, type NodeAddress } from '../lib/model/address.ts';
import {
  aFunction,
  aNumber,
  checkOptions,
  type OptionKinds,
  required,
} from '../lib/model/check-options.ts';
import { formatEndpoint, type Endpoint } from '../lib/model/endpoint.ts';
import { type ErrorCode, RxmeshError, toRxmeshError } from '../lib/model/error.ts';
import { resolve as resolveByDns } from '../lib/model/resolve.ts';
import type { Attempt } from '../lib/transport/attempt.ts';
import { type Connection, isTransports, type Transport } from '../lib/transport/transport.ts';

/** How many endpoints' errors an error message includes. */
const endpointsReported = 4;

const optionKinds: OptionKinds<DialOptions> = {
  transports: required({ what: 'an array of transports', accepts: isTransports }),
  clock: aClock,
  resolve: aFunction,
  resolveTimeoutMs: aNumber,
  dialTimeoutMs: aNumber,
  onFailure: required(aFunction),
};

/** Options of `dial`. */
export interface DialOptions {
  /** Each address is dialed by the first transport that supports its protocol. */
  readonly transports: readonly Transport[];
  /** Default: the system clock. */
  readonly clock?: Clock;
  /** Resolves an address to endpoints. Default: DNS, if the platform has it. */
  readonly resolve?: (address: NodeAddress) => Observable<readonly Endpoint[]>;
  /** How long resolving may take, in milliseconds; 0: no limit. Default 5,000. */
  readonly resolveTimeoutMs?: number;
  /**
   * How long each endpoint of an address may take to answer, in milliseconds; 0: no limit. Default
   * 5,000.
   */
  readonly dialTimeoutMs?: number;
  /** Called when an address could not be dialed. */
  readonly onFailure: (error: RxmeshError, address: NodeAddress) => void;
}

/**
 * Dials addresses: resolves each one and tries its endpoints in turn until one answers. Addresses
 * are dialed in parallel, as many as the source emits (a peer manager's `dials$` limits them).
 * Failures are passed to `onFailure`, and the stream continues.
 *
 *     in   -a--b--------|
 *          dial()              a answers after 3, no endpoint of b does
 *     out  ----A--------|
 *     onFailure  ------b
 *
 * Failures: `RXMESH_PROTOCOL_UNKNOWN`, `RXMESH_RESOLVE_FAILED`, `RXMESH_RESOLVE_TIMEOUT`,
 * `RXMESH_DIAL_FAILED`, `RXMESH_DIAL_TIMEOUT`. With several endpoints, the code is that of the last
 * one, the message mentions the errors of up to 4, and the cause is an `AggregateError` of all. If
 * `resolve` throws, resolving has failed. An exception from `onFailure` is reported as unhandled,
 * and the stream continues.
 *
 * @throws {TypeError} for invalid options
 * @throws {RangeError} for a time that timers do not support
 */
export function dial(options: DialOptions): OperatorFunction<NodeAddress, Attempt> {
  checkOptions('dial', options, optionKinds);
  const { resolveTimeoutMs, dialTimeoutMs } = options;
  checkTimes('dial', { resolveTimeoutMs, dialTimeoutMs });
  const settings = { ...options, clock: guardedClock(options.clock ?? systemClock) };
  const onFailure = hook(options.onFailure);
  return mergeMap((address) =>
    defer(() => dialAddress(address, settings)).pipe(
      catchError((thrown: unknown) => {
        const text = `dialing ${formatNodeAddress(address)}`;
        const about = { peer: address.id };
        onFailure(toRxmeshError(thrown, 'RXMESH_DIAL_FAILED', text, about), address);
        return EMPTY;
      }),
    ),
  );
}

/** Options with a clock that never fails. */
type Settings = DialOptions & { readonly clock: Clock };

function dialAddress(address: NodeAddress, options: Settings): Observable<Attempt> {
  const transport = options.transports.find(({ protocols }) =>
    protocols.includes(address.protocol),
  );
  if (transport === undefined) {
    const known = options.transports.flatMap(({ protocols }) => protocols).join(', ') || 'none';
    const text = `no transport dials ${formatNodeAddress(address)}; the protocols are ${known}`;
    return throwError(() => failure('RXMESH_PROTOCOL_UNKNOWN', text, address));
  }
  return resolved(address, options).pipe(
    mergeMap((endpoints) => dialInTurn(transport, endpoints, address, options, [])),
    map((connection) => ({ connection, address })),
  );
}

/** Emits the endpoints of the address; errors if there are none. */
function resolved(address: NodeAddress, options: Settings): Observable<readonly Endpoint[]> {
  const { clock, resolve = resolveByDns, resolveTimeoutMs = 5_000 } = options;
  const text = `resolving ${formatNodeAddress(address)}`;
  return defer(() => resolve(address)).pipe(
    withDeadline(clock, resolveTimeoutMs, () => {
      const late = `${text}: no answer within ${resolveTimeoutMs} ms`;
      return failure('RXMESH_RESOLVE_TIMEOUT', late, address);
    }),
    take(1),
    defaultIfEmpty([]),
    tap((endpoints) => {
      if (endpoints.length > 0) return;
      throw failure('RXMESH_RESOLVE_FAILED', `${text}: no endpoint was found`, address);
    }),
    catchError((thrown: unknown) => {
      const about = { peer: address.id };
      return throwError(() => toRxmeshError(thrown, 'RXMESH_RESOLVE_FAILED', text, about));
    }),
  );
}

/**
 * Emits the connection to the first endpoint that answers. If none does, errors with the error of
 * the only endpoint, or with one that covers them all.
 * @param failed the errors of the endpoints tried so far
 */
function dialInTurn(
  transport: Transport,
  endpoints: readonly Endpoint[],
  address: NodeAddress,
  options: Settings,
  failed: readonly RxmeshError[],
): Observable<Connection> {
  const { clock, dialTimeoutMs = 5_000 } = options;
  const [endpoint, ...others] = endpoints;
  if (endpoint === undefined) return EMPTY;
  const late = (): RxmeshError => {
    const text = `${formatEndpoint(endpoint)} did not answer within ${dialTimeoutMs} ms`;
    return failure('RXMESH_DIAL_TIMEOUT', text, address);
  };
  const none = (): RxmeshError => {
    const text = `dialing ${formatEndpoint(endpoint)}: the transport completed without a connection`;
    return failure('RXMESH_DIAL_FAILED', text, address);
  };
  // Not cut short with `take` once the dial has answered: that could cancel the connection.
  return defer(() => transport.dial(endpoint)).pipe(
    withDeadline(clock, dialTimeoutMs, late),
    throwIfEmpty(none),
    catchError((thrown: unknown) => {
      const text = `dialing ${formatEndpoint(endpoint)}`;
      const all = [...failed, toRxmeshError(thrown, 'RXMESH_DIAL_FAILED', text)];
      if (others.length > 0) return dialInTurn(transport, others, address, options, all);
      return throwError(() => failureOf(all, address));
    }),
  );
}

/**
 * Combines the errors, since any of them may be the relevant one: a name may have an IPv4 and an
 * IPv6 address, for example, with the node listening on only one of them.
 */
function failureOf(all: readonly RxmeshError[], address: NodeAddress): RxmeshError | undefined {
  const last = all.at(-1);
  if (last === undefined || all.length === 1) return last;
  const reported = all.slice(0, endpointsReported).map(({ message }) => message);
  const rest = all.length > endpointsReported ? `; and ${all.length - endpointsReported} more` : '';
  const text = `none of the ${all.length} endpoints of ${formatNodeAddress(address)} could be dialed: ${reported.join('; ')}${rest}`;
  const cause = new AggregateError(all, text);
  return new RxmeshError(last.code, text, { peer: address.id, cause });
}

function failure(
  code: Extract<ErrorCode, `RXMESH_${'DIAL' | 'RESOLVE' | 'PROTOCOL'}_${string}`>,
  text: string,
  { id }: NodeAddress,
): RxmeshError {
  return new RxmeshError(code, text, { peer: id });
}
