import { describe, expect, it } from '@jest/globals';
import { distanceTargets } from '../../bench/distance-targets.ts';

describe('distanceTargets', () => {
  const guarded = distanceTargets.filter(({ guard }) => guard !== undefined);

  it.each(guarded)('guard half of what is wanted: $what', ({ sense, bound, guard = NaN }) => {
    expect(sense === 'at least' ? bound / guard : guard / bound).toBe(2);
  });

  it('guard messages/s without a limit, and how long a small message waits with one', () => {
    const cases = guarded.map(({ figure }) => figure.case);
    expect([...new Set(cases)]).toEqual([
      '50 ms, no limit, 64 B',
      '50 ms, no limit, 64 KiB',
      '50 ms, 1 Mbit/s, 64 KiB',
      '50 ms, 10 Mbit/s, 64 KiB',
    ]);
  });

  it('compare with others in the same case', () => {
    for (const { figure, over } of distanceTargets) {
      if (over === undefined) continue;
      expect(over).toEqual({ ...figure, contestant: over.contestant });
      expect(over.contestant).not.toBe('rxmesh');
    }
  });
});
