import { describe, expect, it } from '@jest/globals';
import { costTargets } from '../../bench/cost-targets.ts';

describe('costTargets', () => {
  const guarded = costTargets.filter(({ guard }) => guard !== undefined);

  it.each(guarded)('are not as strict in the guard: $what', ({ sense, bound, guard = NaN }) => {
    expect(sense === 'at least' ? bound / guard : guard / bound).toBeGreaterThanOrEqual(1.5);
  });

  it('guard the memory transport, the growth of routing and the bundle', () => {
    expect(new Set(guarded.map(({ measure }) => measure))).toEqual(
      new Set(['memory-transport', 'routing', 'bundle-size']),
    );
  });

  it('compare a growth with one channel or peer in the same case', () => {
    const growths = costTargets.filter(({ measure }) => measure === 'routing');
    for (const { figure, over } of growths) {
      expect(over).toEqual({ ...figure, contestant: 'rxmesh among 1' });
    }
  });
});
