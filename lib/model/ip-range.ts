import { formatIp, isIpv6, normalizeIp, parseIp, withoutZone } from './ip.ts';

/** A range of IP addresses with a common prefix. */
export interface IpRange {
  /** In normal form: equal ranges have equal text. */
  readonly text: string;
  readonly family: 4 | 6;
  /** Length of the prefix in bits. */
  readonly prefix: number;
}

/** Address length in bits, by family. */
const bitsOf = { 4: 32, 6: 128 } as const;

/**
 * Prefix length in bits that identifies a single host. An IPv6 host may use any address in its /64.
 */
const hostBitsOf = { 4: 32, 6: 64 } as const;

/**
 * Parses a range such as `203.0.113.0/24` or `2001:db8::/32`; undefined if it is malformed. A lone
 * address gives the range of its host: the address itself for IPv4, its /64 for IPv6. Bits after
 * the prefix are ignored, and so is a zone.
 */
export function parseIpRange(text: string): IpRange | undefined {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const ip = normalizeIp(withoutZone(address));
  if (ip === undefined) return undefined;
  const family = isIpv6(ip) ? 6 : 4;
  // `normalizeIp` turns IPv4-mapped IPv6 into IPv4, which has 96 bits less.
  const mapped = family === 4 && address.includes(':') ? 96 : 0;
  const prefix = length === undefined ? hostBitsOf[family] : Number(length) - mapped;
  if (prefix < 0 || prefix > bitsOf[family]) return undefined;
  return { text: textOf(ip, prefix), family, prefix };
}

/**
 * The text of the range of this family and prefix length that contains `ip`. Undefined if `ip` is
 * malformed or of the other family.
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
