import { type IpRange, rangeTextOf } from '../model/ip-range.ts';
import { Bans } from './bans.ts';
import type { Unsaved } from './store/unsaved.ts';

/**
 * The most ranges of IP addresses that can be banned; beyond it, the ban that would end first is
 * lifted.
 */
export const bannedRangesMax = 4_096;

/**
 * The banned IP addresses. Checking an address takes one look-up for each prefix length ever
 * banned, however many bans there are.
 */
export class IpBans {
  readonly #bans: Bans;
  /** One range for each family and prefix length: at most 33 for IPv4 and 129 for IPv6. */
  readonly #shapes = new Map<string, IpRange>();

  /** @param unsaved notified of the ranges whose bans change */
  constructor(unsaved?: Unsaved) {
    this.#bans = new Bans(() => bannedRangesMax, unsaved);
  }

  add(range: IpRange, untilMs: number): void {
    this.#bans.add(range.text, untilMs);
    this.#shapes.set(`${range.family}/${range.prefix}`, range);
  }

  /** Ends the ban of exactly this range, not of ranges inside or around it; false if none. */
  lift(range: IpRange): boolean {
    return this.#bans.lift(range.text);
  }

  /** When the ban of a range, given as text, ends or ended; 0 without one. */
  until(range: string): number {
    return this.#bans.until(range);
  }

  /** The banned ranges as text, and when their bans end. */
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
