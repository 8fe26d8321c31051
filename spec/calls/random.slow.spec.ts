import { describe, it } from '@jest/globals';
import { cancelAtOnce, cancelAtRandom } from './random-calls.ts';

describe('a hundred thousand calls that are cancelled at random points', () => {
  it('keep the rules and leave nothing', () => cancelAtRandom(100_000, 1), 600_000);
});

describe('calls that are cancelled at random points', () => {
  it.each([2, 3])('keep the rules and leave nothing, with seed %d', (seed) =>
    cancelAtRandom(400, seed),
  );
});

describe('ten thousand calls that are cancelled in one turn', () => {
  it('leave nothing', () => cancelAtOnce(10_000));
});
