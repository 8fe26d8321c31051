import type { NodeAddress } from './address.ts';
import type { Endpoint } from './endpoint.ts';
import { isIpv6, normalizeIp, zoneOf } from './ip.ts';
import { type IpRange, parseIpRange, rangeHas } from './ip-range.ts';

/** The two ends of a connection. */
export interface ConnectionEnds {
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/**
 * From where a host can be dialed, the nearest first: only from its own machine, also from its
 * network segment, from its site, or from anywhere.
 */
const scopes = ['machine', 'segment', 'site', 'world'] as const;
type Scope = (typeof scopes)[number];

/** IP ranges that are not for everyone (RFC 6890), and those that no one can dial. */
const ranges: Readonly<Record<'nobody' | 'machine' | 'segment' | 'site', readonly IpRange[]>> = {
  nobody: parsed('0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8'),
  machine: parsed('127.0.0.0/8', '::1/128'),
  segment: parsed('169.254.0.0/16', 'fe80::/10'),
  site: parsed('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'),
};

function parsed(...texts: readonly string[]): readonly IpRange[] {
  return texts.map(parseIpRange).filter((range) => range !== undefined);
}

/** Names for one's own machine (RFC 6761 §6.3). */
const machineName = /(?:^|\.)localhost\.?$/i;
/** Names inside a site: without a dot, or under a domain for this purpose (RFC 6762, RFC 8375). */
const siteName = /^[^.]+\.?$|\.(?:local|internal|home\.arpa)\.?$/i;

/** The scope of an IP address, ignoring its zone, or of a name; undefined: nobody can dial it. */
function scopeOf(host: string): Scope | undefined {
  const ip = normalizeIp(host);
  if (ip === undefined) {
    if (machineName.test(host)) return 'machine';
    return siteName.test(host) ? 'site' : 'world';
  }
  const family = isIpv6(ip) ? 6 : 4;
  const isIn = (list: readonly IpRange[]): boolean =>
    list.some((range) => range.family === family && rangeHas(range, ip));
  if (isIn(ranges.nobody)) return undefined;
  return scopes.find((scope) => scope === 'world' || isIn(ranges[scope])) ?? 'world';
}

/**
 * Whether other nodes can dial this host. They cannot dial `0.0.0.0`, for example, nor an IPv6
 * link-local address: it needs a zone, which only means something on one machine.
 */
export function isDialable(host: string): boolean {
  const scope = scopeOf(host);
  if (scope === undefined || zoneOf(host) !== undefined) return false;
  return scope !== 'segment' || !isIpv6(host);
}

/**
 * Whether an address of the node at one end of a connection may be of use to the node at the other
 * end: a loopback address only to a peer on the same machine, a private one only to a peer with a
 * private address. An address without a host is for peers on the same kind of transport.
 *
 * Both sides check this. The side that advertises an address keeps quiet about its own network, and
 * the side that learns it cannot be made to dial into its own.
 */
export function isInReach({ protocol, host }: NodeAddress, ends: ConnectionEnds): boolean {
  const far = ends.remote.ip ?? ends.remote.host;
  if (host === undefined || far === undefined) {
    return host === far && protocol === ends.remote.protocol;
  }
  const distance = far === ends.local.ip ? 'machine' : scopeOf(far);
  const scope = isDialable(host) ? scopeOf(host) : undefined;
  if (scope === undefined || distance === undefined) return false;
  return scopes.indexOf(scope) >= scopes.indexOf(distance);
}
