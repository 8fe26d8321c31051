import { describe, expect, it } from '@jest/globals';
import { Numbers, numbersOf } from '../../lib/frames/numbers.ts';

describe('Numbers', () => {
  it('starts at 1, and knows what it has given', () => {
    const numbers = new Numbers();
    expect([0, 1].map((number) => numbers.wasGiven(number))).toEqual([false, false]);
    expect([numbers.next(), numbers.next()]).toEqual([1, 2]);
    expect([0, 1, 2, 3].map((number) => numbers.wasGiven(number))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('goes on for each channel of a router by itself', () => {
    const [one, other] = [{}, {}];
    expect([numbersOf(one, 7).next(), numbersOf(one, 7).next()]).toEqual([1, 2]);
    expect([numbersOf(one, 8).next(), numbersOf(other, 7).next()]).toEqual([1, 1]);
    expect(numbersOf(one, 7).next()).toBe(3);
  });
});
