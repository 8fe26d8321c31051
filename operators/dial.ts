import {
  catchError,
  concat,
  defer,
  EMPTY,
  map,
  mergeMap,
  type Observable,
  take,
  throwError,
  type OperatorFunction,
} from 'rxjs';
import { withDeadline, type Clock } from '../lib/flow/clock.ts';
import { formatNodeAddress, type NodeAddress } from '../lib/model/address.ts';
import { formatEndpoint, type Endpoint } from '../lib/model/endpoint.ts';
import { RxmeshError, toRxmeshError } from '../lib/model/error.ts';
import { resolve as resolveByDns } from '../lib/model/resolve.ts';
import type { Attempt } from '../lib/transport/attempt.ts';
import type { Connection, Transport } from '../lib/transport/transport.ts';

export interface DialOptions {
  /** The first one that knows an address's protocol dials it. */
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  /** How an address becomes endpoints. Default: DNS, where the platform has it. */
  readonly resolve?: (address: NodeAddress) => Observable<readonly Endpoint[]>;
  /** How long resolving may take, in milliseconds; 0: no limit. Default 5,000. */
  readonly resolveTimeoutMs?: number;
  /** How long each endpoint of an address gets to answer, in milliseconds; 0: no limit. Default 5,000. */
  readonly dialTimeoutMs?: number;
  /** Hears why an address could not be dialed. */
  readonly onFailure: (error: RxmeshError, address: NodeAddress) => void;
}

/**
 * Makes connections of addresses: resolves each one and dials its endpoints in turn until one
 * answers. Addresses are dialed in parallel, as many as the source emits (a peer manager's `dials$`
 * bounds them). One that fails is told to `onFailure`; the stream goes on.
 *
 *     in   -a--b--------|
 *          dial()              a answers after 3, no endpoint of b does
 *     out  ----A--------|
 *     onFailure  ------b
 *
 * Failures: `RXMESH_PROTOCOL_UNKNOWN`, `RXMESH_RESOLVE_FAILED`, `RXMESH_RESOLVE_TIMEOUT`,
 * `RXMESH_DIAL_FAILED`, `RXMESH_DIAL_TIMEOUT` (of the last endpoint).
 */
export function dial(options: DialOptions): OperatorFunction<NodeAddress, Attempt> {
  return mergeMap((address) =>
    dialAddress(address, options).pipe(
      catchError((thrown: unknown) => {
        const text = `dialing ${formatNodeAddress(address)}`;
        const about = { peer: address.id };
        options.onFailure(toRxmeshError(thrown, 'RXMESH_DIAL_FAILED', text, about), address);
        return EMPTY;
      }),
    ),
  );
}

function dialAddress(address: NodeAddress, options: DialOptions): Observable<Attempt> {
  const { clock, resolve = resolveByDns, resolveTimeoutMs = 5_000 } = options;
  const transport = options.transports.find(({ protocols }) => protocols.includes(address.protocol));
  if (transport === undefined) {
    const text = `no transport for ${formatNodeAddress(address)}`;
    return failed('RXMESH_PROTOCOL_UNKNOWN', text, address);
  }
  return defer(() => resolve(address)).pipe(
    withDeadline(clock, resolveTimeoutMs, () => {
      const text = `resolving ${formatNodeAddress(address)}: no answer within ${resolveTimeoutMs} ms`;
      return new RxmeshError('RXMESH_RESOLVE_TIMEOUT', text, { peer: address.id });
    }),
    take(1),
    mergeMap((endpoints) => dialInTurn(transport, endpoints, address, options)),
    map((connection) => ({ connection, address })),
  );
}

/** The connection to the first endpoint that answers; the last one's error if none does. */
function dialInTurn(
  transport: Transport,
  endpoints: readonly Endpoint[],
  address: NodeAddress,
  { clock, dialTimeoutMs = 5_000 }: DialOptions,
): Observable<Connection> {
  const text = `${formatNodeAddress(address)} has no endpoint`;
  let failure: Observable<never> = failed('RXMESH_RESOLVE_FAILED', text, address);
  const attempts = endpoints.map((endpoint) =>
    defer(() => transport.dial(endpoint)).pipe(
      withDeadline(clock, dialTimeoutMs, () => {
        const late = `${formatEndpoint(endpoint)} did not answer within ${dialTimeoutMs} ms`;
        return new RxmeshError('RXMESH_DIAL_TIMEOUT', late, { peer: address.id });
      }),
      catchError((error: unknown) => {
        failure = throwError(() => error);
        return EMPTY;
      }),
    ),
  );
  return concat(...attempts, defer(() => failure)).pipe(take(1));
}

function failed(
  code: 'RXMESH_PROTOCOL_UNKNOWN' | 'RXMESH_RESOLVE_FAILED',
  text: string,
  { id }: NodeAddress,
): Observable<never> {
  return throwError(() => new RxmeshError(code, text, { peer: id }));
}
