import { isIpv6 } from './ip.ts';

/**
 * Syntax that node addresses and endpoints share. Both look like URLs (RFC 3986), but platforms'
 * URL parsers disagree about unknown schemes, so they are parsed and formatted here.
 */

/** Whether `text` is a lower-case scheme (RFC 3986 §3.1) of at most 32 characters. */
export function isProtocol(text: string): boolean {
  return /^[a-z][a-z0-9+.-]{0,31}$/.test(text);
}

/** Whether `port` is an integer from 1 to 65,535. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/**
 * Percent-encodes everything that is not allowed in a scheme, a user or a host. Keeps `+`, which
 * schemes may contain.
 */
export function escapePart(text: string): string {
  // Mostly there is nothing to encode, and this is much faster.
  if (/^[\w.+-]*$/.test(text)) return text;
  return encodeURIComponent(wellFormed(text)).replaceAll('%2B', '+');
}

/** Percent-encodes a path, including `?` and `#`, which would end it. Keeps slashes. */
export function escapePath(path: string): string {
  return encodeURI(wellFormed(path)).replace(/[?#]/g, encodeURIComponent);
}

/** Replaces lone surrogates, which have no UTF-8 encoding: `encodeURI` would throw. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Decodes percent-encoding; undefined if an escape is broken or not UTF-8. */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Formats `host:port`, or just the host. An IPv6 address gets brackets (RFC 3986 §3.2.2). */
export function formatHostPort(host: string, port: number | undefined): string {
  const text = isIpv6(host) ? `[${escapePart(host).replaceAll('%3A', ':')}]` : escapePart(host);
  return port === undefined ? text : `${text}:${port}`;
}

/** Adds a leading slash to a path that lacks one. The empty path stays empty. */

export function withLeadingSlash(path: string): string {
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}
