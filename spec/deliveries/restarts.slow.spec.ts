import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { anyMishaps, anyTroubles, withoutStores, withStores } from './restarts.ts';

describe('with stores', () => {
  it('each message is handled exactly once and in order, whatever dies in between', () => {
    const count = fc.nat({ max: 200 });
    const seed = fc.nat({ max: 2 ** 31 });
    fc.assert(fc.property(count, seed, anyMishaps(40), withStores), { seed: 1, numRuns: 300 });
  });
});

describe('without stores', () => {
  it('each message is handled at most once and in order, whatever the lines do', () => {
    const count = fc.nat({ max: 60 });
    const seed = fc.nat({ max: 2 ** 31 });
    fc.assert(fc.property(count, seed, anyTroubles(30), withoutStores), { seed: 1, numRuns: 300 });
  });
});
