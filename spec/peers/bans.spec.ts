import { describe, expect, it } from '@jest/globals';
import { Bans } from '../../lib/peers/bans.ts';
import { id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

describe('Bans', () => {
  it('holds a ban until its end, and not at its end', () => {
    const bans = new Bans(() => 10);
    bans.add(id('a'), 100);
    expect(bans.isBanned(id('a'), 99)).toBe(true);
    expect(bans.isBanned(id('b'), 99)).toBe(false);
    expect(bans.isBanned(id('a'), 100)).toBe(false);
    expect(bans.until(id('a'))).toBe(0);
  });

  it('lets a second ban lengthen the first, but never shorten it', () => {
    const bans = new Bans(() => 10);
    bans.add(id('a'), 100);
    bans.add(id('a'), 50);
    expect(bans.until(id('a'))).toBe(100);
    bans.add(id('a'), 150);
    expect(bans.until(id('a'))).toBe(150);
  });

  it('lifts the ban that would end first when there are too many', () => {
    const bans = new Bans(() => 2);
    bans.add(id('a'), 300);
    bans.add(id('b'), 100);
    bans.add(id('c'), 200);
    expect(['a', 'b', 'c'].map((digit) => bans.isBanned(id(digit), 0))).toEqual([
      true,
      false,
      true,
    ]);
  });
});

trackLeaks();
