import { describe, expect, it } from '@jest/globals';
import { carryBothWays, type TwoWayLine } from '../support/two-way-line.ts';

/** 1 Mbit/s, in bytes per millisecond. */
const mbit = 125;

const lines: readonly (readonly [string, TwoWayLine])[] = [
  ['a LAN', { roundTripMs: 2, bytesPerMs: 10 * mbit }],
  ['a country', { roundTripMs: 20, bytesPerMs: 100 * mbit }],
  ['a slow line', { roundTripMs: 50, bytesPerMs: 10 * mbit }],
  ['a slower line', { roundTripMs: 50, bytesPerMs: mbit }],
  ['an ocean', { roundTripMs: 100, bytesPerMs: 80 * mbit }],
  ['the far side of the earth', { roundTripMs: 300, bytesPerMs: 10 * mbit }],
];

describe.each(lines)('L-21 both sides fill %s', (_, line) => {
  const { roundTripMs } = line;

  it.each([
    ['from the start', {}],
    // Its pongs come late from the first one on, as it has never measured the line alone.
    ['and one of them begins later', { slowStartMs: 20, laterMs: 3_000 }],
    ['and their processes are busy', { slowStartMs: 10, laterMs: 1_000, turnMs: 6 }],
  ])('%s', (__, more) => {
    const both = carryBothWays({ ...line, ...more }, 7_000, 37_000);
    const total = both.reduce((sum, { share }) => sum + share, 0);
    expect(total).toBeGreaterThan(1.3);
    for (const { share, waitMs, roundTripMs: believedMs } of both) {
      expect(share).toBeGreaterThan(0.55);
      // What waits behind its peer's data is not taken for a longer line.
      expect(believedMs).toBeLessThan(roundTripMs + 15);
      expect(waitMs).toBeLessThan(60 + 5 * (roundTripMs + 15));
    }
  });
});

describe('a machine that was suspended', () => {
  const suspendedFor = (forMs: number): TwoWayLine => {
    return { roundTripMs: 50, bytesPerMs: 10 * mbit, suspended: { atMs: 10_000, forMs } };
  };

  it.each([100, 300, 5_000])(
    'for %i ms sends again as before, with a clock that is behind',
    (forMs) => {
      for (const { share, roundTripMs } of carryBothWays(suspendedFor(forMs), 16_000, 40_000)) {
        expect(share).toBeGreaterThan(0.7);
        expect(roundTripMs).toBeGreaterThan(48);
        expect(roundTripMs).toBeLessThan(65);
      }
    },
  );
});
