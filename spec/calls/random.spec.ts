import { describe, it } from '@jest/globals';
import { cancelAtOnce, cancelAtRandom } from './random-calls.ts';

describe('calls that are cancelled at random points', () => {
  it('keep the rules and leave nothing', () => cancelAtRandom(400, 1));
});

describe('two thousand calls that are cancelled in one turn', () => {
  it('leave nothing', () => cancelAtOnce(2_000));
});
