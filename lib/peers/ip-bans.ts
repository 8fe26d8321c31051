import { type IpRange, rangeTextOf } from '../model/ip-range.ts';
import { Bans } from './bans.ts';

/**
 * Ranges of IP addresses that are banned at a time; above, the ban that would end first is lifted.
 */
export const bannedRangesMax = 4_096;

/**
 * Which IP addresses are banned. A look at one address costs a look-up for each length of prefix
 * that bans have had, however many bans there are.
 */
export class IpBans {
  readonly #bans = new Bans(bannedRangesMax);
  /** One range of each family and prefix: 33 of IPv4 and 129 of IPv6 at most. */
  readonly #shapes = new Map<string, IpRange>();

  add(range: IpRange, untilMs: number): void {
    this.#bans.add(range.text, untilMs);
    this.#shapes.set(`${range.family}/${range.prefix}`, range);
  }

  /** Ends the ban of this range, not that of one in it or around it; false without one. */
  lift(range: IpRange): boolean {
    return this.#bans.lift(range.text);
  }

  /** The ranges that are banned, as texts, and when their bans end. */
  entries(nowMs: number): readonly (readonly [range: string, untilMs: number])[] {
    return this.#bans.entries(nowMs);
  }

  isBanned(ip: string, nowMs: number): boolean {
    for (const shape of this.#shapes.values()) {
      const text = rangeTextOf(ip, shape);
      if (text !== undefined && this.#bans.isBanned(text, nowMs)) return true;
    }
    return false;
  }
}
