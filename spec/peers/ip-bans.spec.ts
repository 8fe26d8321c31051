import { describe, expect, it } from '@jest/globals';
import { parseIpRange, type IpRange } from '../../lib/model/ip-range.ts';
import { bannedRangesMax, IpBans } from '../../lib/peers/ip-bans.ts';
import { trackLeaks } from '../support/leaks.ts';

function range(text: string): IpRange {
  const parsed = parseIpRange(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

describe('S-07 IpBans', () => {
  it('holds a ban for every address of its range until its end', () => {
    const bans = new IpBans();
    bans.add(range('203.0.113.0/24'), 100);
    bans.add(range('2001:db8::1'), 200);
    const banned = (nowMs: number) =>
      ['203.0.113.9', '203.0.114.9', '2001:db8::ffff', '2001:db8:0:1::'].map((ip) =>
        bans.isBanned(ip, nowMs),
      );
    expect(banned(99)).toEqual([true, false, true, false]);
    expect(banned(100)).toEqual([false, false, true, false]);
    expect(banned(200)).toEqual([false, false, false, false]);
  });

  it('holds overlapping ranges separately', () => {
    const bans = new IpBans();
    for (const [text, untilMs] of [
      ['203.0.113.7', 50],
      ['203.0.0.0/16', 100],
      ['0.0.0.0/0', 25],
    ] as const)
      bans.add(range(text), untilMs);
    expect(bans.lift(range('203.0.113.0/24'))).toBe(false);
    expect(bans.lift(range('203.0.0.0/16'))).toBe(true);
    const untilMs = [0, 24, 25, 49, 50].map((nowMs) => bans.isBanned('203.0.113.7', nowMs));
    expect(untilMs).toEqual([true, true, true, true, false]);
  });

  it('lifts the ban that would end first when there are too many', () => {
    const bans = new IpBans();
    const ipOf = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    for (let n = 0; n <= bannedRangesMax; n += 1)
      bans.add(range(ipOf(n)), 1_000 - (n === 7 ? 1 : 0));
    expect([6, 7, 8, bannedRangesMax].map((n) => bans.isBanned(ipOf(n), 0))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});

trackLeaks();
