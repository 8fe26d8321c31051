import { parseIpRange, rangeHas } from '../../lib/model/ip-range.ts';
import { normalizeIp } from '../../lib/model/ip.ts';
import type { WebSocketListenOptions } from './options.ts';

/** Where a page's request has come to. */
export interface RequestedHost {
  /** The request's `Host`, which names the server as the page does. */
  readonly host: string;
  /** The server's IP on this connection. */
  readonly ip: string | undefined;
  /** Whether the server itself speaks TLS. */
  readonly isSecure: boolean;
  /** `listen.host`: a name that its operator has given it. */
  readonly name?: string | undefined;
}

/** Addresses of one machine, or of a network of its own. */
const localRanges = [
  ...['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ...['169.254.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fe80::/10'],
].flatMap((text) => parseIpRange(text) ?? []);

/**
 * Whether a page of this origin may connect. A function that throws has not allowed it, nor has one
 * that returns a promise.
 */
export function allowsOrigin(
  origins: WebSocketListenOptions['origins'],
  origin: string,
  requested: RequestedHost,
): boolean {
  if (origins === 'any') return true;
  if (typeof origins !== 'function') {
    return isOwnHost(origin, requested) || (origins?.includes(origin) ?? false);
  }
  try {
    const allowed: unknown = origins(origin);
    return allowed === true;
  } catch {
    return false;
  }
}

/**
 * Whether a page comes from the host and port that it connects to. Its scheme says which port is
 * meant where none is named: behind a proxy that speaks TLS, the page is of `https` and this server
 * of `http`.
 */
function isOwnHost(origin: string, { host, ip, isSecure, name }: RequestedHost): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  // A browser writes an origin in one form. What came over the open line is no part of a server
  // with TLS.
  const isWeb = page.protocol === 'https:' || (page.protocol === 'http:' && !isSecure);
  if (!isWeb || page.origin !== origin) return false;
  const asked = `${page.protocol}//${host}`;
  if (!URL.canParse(asked) || new URL(asked).host !== page.host) return false;
  return !isRebindable(page.hostname, ip) || page.hostname === name?.toLowerCase();
}

/**
 * Whether anybody may have made the name point here. Whoever owns a name can have it resolve to
 * 127.0.0.1 once his page is loaded: page and server then have the same host (DNS rebinding). That
 * is of use only towards addresses that he does not reach himself. IP addresses and `localhost` are
 * not looked up.
 */
function isRebindable(hostname: string, ip: string | undefined): boolean {
  if (/^(?:.+\.)?localhost$/.test(hostname)) return false;
  if (normalizeIp(hostname.replace(/^\[(.*)\]$/, '$1')) !== undefined) return false;
  return ip === undefined || localRanges.some((range) => rangeHas(range, ip));
}
