import { formatIp, isIpv6, normalizeIp, parseIp, withoutZone } from './ip.ts';

/** IP addresses that begin with the same bits. */
export interface IpRange {
  /** In its one form: equal ranges have equal texts. */
  readonly text: string;
  readonly family: 4 | 6;
  /** How many leading bits count. */
  readonly prefix: number;
}

/** Bits of an address of each family. */
const bitsOf = { 4: 32, 6: 128 } as const;

/**
 * Bits of an IPv6 address that stand for one machine, or one network: it may use any address in
 * them.
 */
const hostBitsOf = { 4: 32, 6: 64 } as const;

/**
 * The range that a text names: `203.0.113.0/24`, `2001:db8::/32`. An address alone is the range of
 * its host: an IPv4 address itself, and the /64 of an IPv6 one. Bits behind the prefix, and a zone,
 * do not count. Undefined when it is no range.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const ip = normalizeIp(withoutZone(address));
  if (ip === undefined) return undefined;
  const family = isIpv6(ip) ? 6 : 4;
  // IPv4 in IPv6 form is IPv4 all over rxmesh.
  const mapped = family === 4 && address.includes(':') ? 96 : 0;
  const prefix = length === undefined ? hostBitsOf[family] : Number(length) - mapped;
  if (prefix < 0 || prefix > bitsOf[family]) return undefined;
  return { text: textOf(ip, prefix), family, prefix };
}

/**
 * The text of the range with this prefix that `ip` is in; undefined when it is of the other family,
 * or no IP.
 */
export function rangeTextOf(
  ip: string,
  { family, prefix }: Pick<IpRange, 'family' | 'prefix'>,
): string | undefined {
  const normal = normalizeIp(withoutZone(ip));
  if (normal === undefined || (isIpv6(normal) ? 6 : 4) !== family) return undefined;
  return textOf(normal, prefix);
}

/** Whether an address is in a range. */
export function rangeHas(range: IpRange, ip: string): boolean {
  return rangeTextOf(ip, range) === range.text;
}

function textOf(ip: string, prefix: number): string {
  const parts = parseIp(ip) ?? [];
  const bits = isIpv6(ip) ? 16 : 8;
  const kept = parts.map((part, at) => {
    const dropped = Math.min(Math.max((at + 1) * bits - prefix, 0), bits);
    return part - (part % 2 ** dropped);
  });
  return `${formatIp(kept)}/${prefix}`;
}
