import { describe, expect, it } from '@jest/globals';
import { targets } from '../../bench/targets.ts';

describe('targets', () => {
  it('have different names', () => {
    expect(new Set(targets.map(({ what }) => what)).size).toBe(targets.length);
  });

  const guarded = targets.filter(({ guard }) => guard !== undefined);

  it('have guards for the throughput of small, middle and large messages', () => {
    const cases = guarded.map(({ figure }) => figure.case);
    expect(cases).toEqual(expect.arrayContaining(['64 B', '1 KiB', '64 KiB']));
  });

  it.each(guarded.filter(({ sense }) => sense === 'at least'))(
    'guard half of what is wanted: $what',
    ({ bound, guard }) => {
      expect(guard).toBe(bound / 2);
    },
  );
});
