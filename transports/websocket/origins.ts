import { parseIpRange, rangeHas } from '../../lib/model/ip-range.ts';
import { normalizeIp } from '../../lib/model/ip.ts';
import type { WebSocketListenOptions } from './options.ts';

/** The server that a page's request was sent to. */
export interface RequestedHost {
  /** The request's `Host` header, which is what the page calls the server. */
  readonly host: string;
  /** The server's IP on this connection. */
  readonly ip: string | undefined;
  /** Whether the server itself uses TLS. */
  readonly isSecure: boolean;
  /** `listen.host`: a name given to the server by its operator. */
  readonly name?: string | undefined;
}

/** Addresses of the machine itself, or of a private network. */
const localRanges = [
  ...['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ...['169.254.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fe80::/10'],
].flatMap((text) => parseIpRange(text) ?? []);

/**
 * Whether a page of this origin may connect. A function that throws or returns a promise does not
 * allow it.
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
 * Whether a page comes from the host and port that it connects to. The page's scheme determines the
 * default port: behind a TLS proxy, the page uses `https` and this server `http`.
 */
function isOwnHost(origin: string, { host, ip, isSecure, name }: RequestedHost): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  // Browsers write origins in a canonical form. A page loaded without TLS did not come from a
  // server that uses TLS.
  const isWeb = page.protocol === 'https:' || (page.protocol === 'http:' && !isSecure);
  if (!isWeb || page.origin !== origin) return false;
  const asked = `${page.protocol}//${host}`;
  if (!URL.canParse(asked) || new URL(asked).host !== page.host) return false;
  return !isRebindable(page.hostname, ip) || page.hostname === name?.toLowerCase();
}

/**
 * Whether anyone could have pointed this name here. The owner of a name can make it resolve to
 * 127.0.0.1 once the page is loaded, so that page and server have the same host (DNS rebinding).
 * That only matters for addresses that the attacker cannot reach directly. IP addresses and
 * `localhost` are never looked up.
 */
function isRebindable(hostname: string, ip: string | undefined): boolean {
  if (/^(?:.+\.)?localhost$/.test(hostname)) return false;
  if (normalizeIp(hostname.replace(/^\[(.*)\]$/, '$1')) !== undefined) return false;
  return ip === undefined || localRanges.some((range) => rangeHas(range, ip));
}
