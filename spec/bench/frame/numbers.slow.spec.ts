import { describe, expect, it } from '@jest/globals';
import { textOfNumber, textOfRounds } from '../../../bench/frame/numbers.ts';

describe('textOfNumber', () => {
  it.each([
    [1_284_000, '1.28 M'],
    [999_600, '1 M'],
    [12_340_000, '12.3 M'],
    [41_230, '41.2 k'],
    [713_400, '713 k'],
    [9_994, '9,994'],
    [1_234.5, '1,235'],
    [228.4, '228'],
    [35, '35'],
    [0.7234, '0.723'],
    [0, '0'],
    [-41_230, '-41.2 k'],
  ])('%d is %s', (value, text) => {
    expect(textOfNumber(value)).toBe(text);
  });
});

describe('textOfRounds', () => {
  it('has the least and the most between brackets', () => {
    expect(textOfRounds([3, 1, 2])).toBe('2 [1, 3]');
  });

  it('has one figure for one round', () => {
    expect(textOfRounds([2_000_000])).toBe('2 M');
  });
});
