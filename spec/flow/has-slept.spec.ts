import { expect, it } from '@jest/globals';
import { hasSlept } from '../../lib/flow/has-slept.ts';

it.each([
  [0, 10_000, false],
  [10_000, 10_000, false],
  [10_001, 10_000, true],
  [5_000, 20, false],
  [5_001, 20, true],
  [-Infinity, 20, false],
  [NaN, 20, false],
])(
  'L-11 a timer %d ms late, of %d ms, means that the machine slept: %j',
  (lateMs, delayMs, slept) => {
    expect(hasSlept(lateMs, delayMs)).toBe(slept);
  },
);
