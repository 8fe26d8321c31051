import { describe, it } from '@jest/globals';
import { cancelAtRandom } from './random-calls.ts';

describe('a hundred thousand calls that are cancelled at random points', () => {
  it('keep the rules and leave nothing', () => cancelAtRandom(100_000, 1), 600_000);
});
