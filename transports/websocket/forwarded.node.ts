import type { IncomingMessage } from 'node:http';
import { normalizeIp } from '../../lib/model/ip.ts';
import { type IpRange, parseIpRange, rangeHas } from '../../lib/model/ip-range.ts';

/** Who sent a request, as far as trusted proxies know. */
export interface ForwardedClient {
  readonly ip: string;
  /** Only of the proxy's own connection, since proxies do not forward ports. */
  readonly port: number | undefined;
}

/**
 * Finds the client behind trusted proxies. Each proxy appends the address that it accepted the
 * connection from to `X-Forwarded-For`, so the client is the last address that is not a trusted
 * proxy's: what stands before it was written by the client itself and may be forged.
 */
export function clientOf(
  { socket, headers }: IncomingMessage,
  proxies: readonly IpRange[],
): ForwardedClient {
  const isProxy = (address: string): boolean => proxies.some((range) => rangeHas(range, address));
  const header = headers['x-forwarded-for'] ?? [];
  const hops = [header].flat().flatMap((text) => text.split(','));
  let ip = normalizeIp(socket.remoteAddress ?? '') ?? '';
  let port = socket.remotePort;
  while (isProxy(ip)) {
    const before = normalizeIp(hops.pop()?.trim() ?? '');
    // The proxy itself is all that is known.
    if (before === undefined) break;
    ip = before;
    port = undefined;
  }
  return { ip, port };
}

/** The ranges that texts name, which have been checked. */
export function proxyRanges(texts: readonly string[]): readonly IpRange[] {
  return texts.flatMap((text) => parseIpRange(text) ?? []);
}
