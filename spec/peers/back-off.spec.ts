import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { retryDelayMs } from '../../lib/peers/back-off.ts';
import { trackLeaks } from '../support/leaks.ts';

const waits = (random: number, backOff = { minMs: 100, maxMs: 500, jitterMs: 50 }): number[] =>
  [0, 1, 2, 3, 4, 5, 2000].map((failures) => retryDelayMs(failures, backOff, () => random));

describe('retryDelayMs', () => {
  it('PM-17 doubles the wait with each failure, up to the cap', () => {
    expect(waits(0)).toEqual([0, 100, 200, 400, 500, 500, 500]);
  });

  it('B-17 adds jitter before the cap', () => {
    expect(waits(0.5)).toEqual([0, 125, 225, 425, 500, 500, 500]);
  });

  it('waits indefinitely if retries are off', () => {
    expect(retryDelayMs(1, { minMs: 0, maxMs: 500, jitterMs: 50 }, () => 0.5)).toBe(Infinity);
  });

  it('never waits less than the first wait or more than the cap', () => {
    const time = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        time,
        time,
        fc.nat(10_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, a, b, jitterMs, random) => {
          const backOff = { minMs: Math.min(a, b), maxMs: Math.max(a, b), jitterMs };
          const wait = retryDelayMs(failures, backOff, () => random);
          expect(wait).toBeGreaterThanOrEqual(backOff.minMs);
          expect(wait).toBeLessThanOrEqual(backOff.maxMs);
        },
      ),
    );
  });
});

trackLeaks();
