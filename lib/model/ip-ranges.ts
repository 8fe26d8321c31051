import { type IpRange, rangeTextOf } from './ip-range.ts';

/**
 * A set of ranges of IP addresses. Checking an address takes one look-up for each prefix length in
 * the set, however many ranges there are.
 */
export class IpRanges {
  readonly #texts = new Set<string>();
  /** One range for each family and prefix length. */
  readonly #shapes = new Map<string, IpRange>();

  constructor(ranges: Iterable<IpRange>) {
    for (const range of ranges) {
      this.#texts.add(range.text);
      this.#shapes.set(`${range.family}/${range.prefix}`, range);
    }
  }

  has(ip: string): boolean {
    for (const shape of this.#shapes.values()) {
      const text = rangeTextOf(ip, shape);
      if (text !== undefined && this.#texts.has(text)) return true;
    }
    return false;
  }
}
