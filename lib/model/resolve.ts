import { resolveHost as platformResolveHost, type ResolveHost } from '#platform/dns';
import {
  catchError,
  defaultIfEmpty,
  defer,
  map,
  type Observable,
  of,
  take,
  tap,
  throwError,
} from 'rxjs';
import { formatNodeAddress, type NodeAddress, validateNodeAddress } from './address.ts';
import type { Endpoint } from './endpoint.ts';
import { type RxmeshError, toRxmeshError } from './error.ts';
import { normalizeIp } from './ip.ts';

/** Most endpoints per address. The owner of a name could give it any number of IPs. */
const ENDPOINTS_MAX = 32;

/**
 * Resolves an address to endpoints to dial. Emits one non-empty list, then completes.
 *
 *     resolve(ws://<id>@localhost:80)   --(l|)   l = [127.0.0.1:80, [::1]:80]
 *     resolve(memory:<id>)              (l|)     l = [memory:<id>]
 *
 * An IP address needs no DNS. A name is looked up on each subscription and gives its first 32 IPs,
 * in the resolver's order; on a platform without DNS it gives one endpoint with just the name. An
 * address without a host gives an endpoint with its path, or with its node ID as the path.
 *
 * @param resolveHost looks up names; null if the platform has no DNS
 * @throws {RxmeshError} `RXMESH_ADDRESS_INVALID`, `RXMESH_RESOLVE_FAILED`, as error notifications,
 *   about the peer in the address
 */
export function resolve(
  address: NodeAddress,
  resolveHost: ResolveHost | null = platformResolveHost,
): Observable<readonly Endpoint[]> {
  return defer(() => {
    validateNodeAddress(address);
    const { protocol, id, host, port, path } = address;
    if (host === undefined) return of([{ protocol, path: path ?? id }]);
    const place = {
      protocol,
      ...(port !== undefined && { port }),
      ...(path !== undefined && { path }),
    };
    const ip = normalizeIp(host);
    if (ip !== undefined) return of([{ ...place, ip }]);
    if (resolveHost === null) return of([{ ...place, host }]);
    return defer(() => resolveHost(host)).pipe(
      take(1),
      map((ips) => distinctIps(ips).map((each) => ({ ...place, ip: each, host }))),
      defaultIfEmpty([]),
      tap((endpoints) => {
        if (endpoints.length === 0) throw new Error('the name has no IP address');
      }),
      catchError((error: unknown) => throwError(() => failed(address, error))),
    );
  });
}

function distinctIps(ips: readonly string[]): readonly string[] {
  const normal = ips.map(normalizeIp).filter((ip) => ip !== undefined);
  return [...new Set(normal)].slice(0, ENDPOINTS_MAX);
}

function failed(address: NodeAddress, error: unknown): RxmeshError {
  const message = `cannot resolve ${formatNodeAddress(address)}`;
  return toRxmeshError(error, 'RXMESH_RESOLVE_FAILED', message, { peer: address.id });
}
