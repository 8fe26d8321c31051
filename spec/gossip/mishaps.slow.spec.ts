import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { afterMishaps, anyMishaps } from './mishaps.ts';

describe('gossip with digests', () => {
  it('brings everything to everyone once, whatever happens to the nodes', () => {
    const seed = fc.nat({ max: 2 ** 31 });
    fc.assert(fc.property(seed, anyMishaps(20), afterMishaps), { seed: 1, numRuns: 60 });
  });
});
