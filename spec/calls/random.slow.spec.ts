import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { cancelAtOnce, cancelAtRandom } from './random-calls.ts';

describe('a hundred thousand calls that are cancelled at random points', () => {
  it('keep the rules and leave nothing', () => cancelAtRandom(100_000, 1), 600_000);
});

describe('calls that are cancelled at random points', () => {
  it('keep the rules and leave nothing', () => {
    const seed = fc.nat({ max: 2 ** 31 });
    fc.assert(fc.property(fc.nat({ max: 200 }), seed, cancelAtRandom), { seed: 1, numRuns: 300 });
  });
});

describe('ten thousand calls that are cancelled in one turn', () => {
  it('leave nothing', () => cancelAtOnce(10_000));
});
