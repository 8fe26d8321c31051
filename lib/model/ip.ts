/**
 * IP addresses as text. rxmesh compares them as text everywhere, so each has one normal form: IPv4
 * as four decimal numbers, IPv6 as in RFC 5952 §4, and IPv4-mapped IPv6 as IPv4.
 */

/** Four numbers from 0 to 255 without leading zeros. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|$)){4}$/;

/** The name of a network interface that needs no escaping in a URL (RFC 6874 §2). */
const ZONE = /^[A-Za-z0-9._~-]{1,64}$/;

/**
 * Normalizes an IP address; undefined if `text` is not one. Strict: no leading zeros, no short or
 * hexadecimal IPv4, no brackets. The zone of an IPv6 address (`fe80::1%eth0`, RFC 4007 §11) is kept
 * unchanged.
 */
export function normalizeIp(text: string): string | undefined {
  if (IPV4.test(text)) return text;
  if (!text.includes(':')) return undefined;
  const groups = parseIpv6(withoutZone(text));
  if (groups === undefined) return undefined;
  const ipv4 = embeddedIpv4(groups);
  const zone = zoneOf(text);
  if (zone === undefined) return ipv4 ?? formatIpv6(groups);
  return ipv4 === undefined && ZONE.test(zone) ? `${formatIpv6(groups)}%${zone}` : undefined;
}

/** The zone of an IPv6 address: the interface of this machine that reaches it. */
export function zoneOf(ip: string): string | undefined {
  const at = ip.indexOf('%');
  return at < 0 ? undefined : ip.slice(at + 1);
}

/** The address without its zone. */
export function withoutZone(ip: string): string {
  const at = ip.indexOf('%');
  return at < 0 ? ip : ip.slice(0, at);
}

/** Whether an address from `normalizeIp` is IPv6. */
export function isIpv6(ip: string): boolean {
  return ip.includes(':');
}

/**
 * Whether `ip` is `0.0.0.0` or `::`, which a node can listen on but nobody can dial.
 */
export function isUnspecifiedIp(ip: string): boolean {
  const normal = normalizeIp(withoutZone(ip));
  return normal === '0.0.0.0' || normal === '::';
}

/** Whether `ip` is the address of one machine: neither multicast, nor reserved, nor broadcast. */
export function isUnicastIp(ip: string): boolean {
  const normal = normalizeIp(ip) ?? '';
  // ff00::/8 is multicast (RFC 4291, 2.7).
  if (isIpv6(normal)) return !/^ff[0-9a-f]{2}:/.test(normal);
  // 224.0.0.0/4 is multicast (RFC 5771); 240.0.0.0/4 is reserved and ends with the broadcast
  // address.
  return Number(normal.split('.')[0]) < 224;
}

/** Whether an address from `normalizeIp` is one of this machine: `127.0.0.0/8`, or `::1`. */
export function isLoopbackIp(ip: string): boolean {
  return ip === '::1' || (ip.startsWith('127.') && !isIpv6(ip));
}

/**
 * The part of an address from `normalizeIp` that identifies a host: all of an IPv4 address, and the
 * /64 of an IPv6 address, since one host may use any address in it (RFC 4291 §2.5.4, RFC 7934 §2).
 */
export function ipNetwork(ip: string): string {
  const groups = isIpv6(ip) ? parseIpv6(withoutZone(ip)) : undefined;
  return groups === undefined ? ip : `${formatIpv6([...groups.slice(0, 4), 0, 0, 0, 0])}/64`;
}

/** Parses an address into four bytes or eight groups, ignoring its zone; undefined if malformed. */
export function parseIp(ip: string): readonly number[] | undefined {
  return isIpv6(ip) ? parseIpv6(withoutZone(ip)) : parseIpv4(ip);
}

/** Formats an address of four bytes or eight groups. */
export function formatIp(parts: readonly number[]): string {
  return parts.length === 4 ? parts.join('.') : formatIpv6(parts);
}

/** Four numbers from 0 to 255. */
function parseIpv4(text: string): readonly number[] | undefined {
  return IPV4.test(text) ? text.split('.').map(Number) : undefined;
}

/** Eight numbers from 0 to 65,535 (RFC 4291 §2.2). */
function parseIpv6(text: string): readonly number[] | undefined {
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const [left, right] = [parseGroups(sides[0] ?? ''), parseGroups(sides[1] ?? '')];
  if (left === undefined || right === undefined) return undefined;
  // An IPv4 tail is allowed only at the very end.
  if (sides.length === 2 && sides[0]?.includes('.')) return undefined;
  const missing = 8 - left.length - right.length;
  if (sides.length === 1) return missing === 0 ? left : undefined;
  return missing >= 1 ? [...left, ...new Array<number>(missing).fill(0), ...right] : undefined;
}

/** The groups on one side of `::`. The last part may be an IPv4 address, which fills two groups. */
function parseGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16));
      continue;
    }
    const ipv4 = i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = ipv4;
    groups.push(a * 256 + b, c * 256 + d);
  }
  return groups;
}

/** Converts `::ffff:a.b.c.d` to `a.b.c.d` (RFC 4291 §2.5.5.2); undefined for any other address. */
function embeddedIpv4(groups: readonly number[]): string | undefined {
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? [high >> 8, high & 255, low >> 8, low & 255].join('.') : undefined;
}

/**
 * Writes the longest run of zeros (at least two; the first one on a tie) as `::` (RFC 5952 §4.2).
 */
function formatIpv6(groups: readonly number[]): string {
  const run = longestZeroRun(groups);
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  for (const [i, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: i + 1 - length, length };
  }
  return longest;
}
