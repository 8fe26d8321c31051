import { describe, it } from '@jest/globals';
import { cancelAtRandom } from './random-calls.ts';

describe('calls that are cancelled at random points', () => {
  it.each([1, 2, 3])('keep the rules and leave nothing, with seed %d', (seed) =>
    cancelAtRandom(400, seed),
  );
});
