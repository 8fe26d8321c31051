import { describe, it } from '@jest/globals';
import { cancelAtOnce, cancelAtRandom } from './random-calls.ts';

describe('calls that are cancelled at random points', () => {
  it.each([1, 2, 3])('keep the rules and leave nothing, with seed %d', (seed) =>
    cancelAtRandom(200, seed),
  );
});

describe('two thousand calls that are cancelled in one turn', () => {
  it('leave nothing', () => cancelAtOnce(2_000));
});
