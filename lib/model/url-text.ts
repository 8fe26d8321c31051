import { isIpv6 } from './ip.ts';

/**
 * The parts that node addresses and endpoints have in common as text. They look like URLs (RFC
 * 3986), and are read and written here, because platforms' URL parsers disagree about schemes that
 * they do not know.
 */

/** A scheme in lower case (RFC 3986 §3.1), at most 32 characters. */
export function isProtocol(text: string): boolean {
  return /^[a-z][a-z0-9+.-]{0,31}$/.test(text);
}

/** 1 to 65,535. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/**
 * Percent-encodes all that is not allowed in a scheme, a user or a host. A scheme may have a plus.
 */
export function escapePart(text: string): string {
  return encodeURIComponent(wellFormed(text)).replaceAll('%2B', '+');
}

/** Percent-encodes a path, and `?` and `#` in it, which would end it. Slashes stay. */
export function escapePath(path: string): string {
  return encodeURI(wellFormed(path)).replace(/[?#]/g, encodeURIComponent);
}

/** Half of a surrogate pair has no UTF-8, and encoding it would throw. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** The text that percent-encoding stands for; undefined when an escape is broken or not UTF-8. */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `host:port`, or the host alone. An IPv6 address gets brackets (RFC 3986 §3.2.2). */
export function formatHostPort(host: string, port: number | undefined): string {
  const text = isIpv6(host) ? `[${escapePart(host).replaceAll('%3A', ':')}]` : escapePart(host);
  return port === undefined ? text : `${text}:${port}`;
}

/** `path`, with a slash in front unless it is empty or has one. */
export function withLeadingSlash(path: string): string {
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}
