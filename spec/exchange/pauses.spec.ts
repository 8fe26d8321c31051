import { describe, expect, it } from '@jest/globals';
import {
  firstPauseMs,
  longestPauseMs,
  nextPauseMs,
  shortestPauseMs,
} from '../../lib/exchange/pauses.ts';

/** The pauses, given whether each answer had something new. */
function pauses(...news: readonly boolean[]): readonly number[] {
  let ms = firstPauseMs / 2;
  return news.map((hasNew) => (ms = nextPauseMs(ms, hasNew, false)) / 1_000);
}

describe('the pauses between questions for addresses', () => {
  it('double at the beginning, whatever the answers', () => {
    expect(pauses(true, true, true)).toEqual([2, 4, 8]);
    expect(pauses(false, false, false)).toEqual([2, 4, 8]);
  });

  it('B-35 then shrink while there is news, not below 10 s', () => {
    expect(pauses(false, false, false, false, false, false, true, true, true)).toEqual([
      2, 4, 8, 16, 32, 64, 32, 16, 10,
    ]);
  });

  it('stay at 10 s while there is news', () => {
    expect(nextPauseMs(shortestPauseMs, true, false)).toBe(shortestPauseMs);
  });

  it('B-35 are 10 minutes if there is hardly room for more peers, whatever the answers', () => {
    expect(nextPauseMs(firstPauseMs, true, true)).toBe(600_000);
    expect(nextPauseMs(shortestPauseMs, false, true)).toBe(600_000);
  });

  it('B-35 grow to 10 minutes without any', () => {
    const ms = pauses(...Array.from({ length: 12 }, () => false));
    expect(ms.at(-1)).toBe(longestPauseMs / 1_000);
  });
});
