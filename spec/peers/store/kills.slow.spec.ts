import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { lives } from '../../../scripts/kills/lives.ts';

describe('a process that is killed while it learns peers', () => {
  it('loses at most the last second, and its store opens without damage', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rxmesh-kills-'));
    try {
      // Two of them end before the first write, others at the time of a write or long after it.
      const lengths = [10, 700, 1_000, 1_010, 1_500, 2_100];
      let kills = 0;
      let found = 0;
      for await (const life of lives(directory, () => lengths[kills] ?? 0)) {
        kills += 1;
        found = life.found;
        expect(life).toMatchObject({ forgotten: 0, events: [] });
        // Two seconds for a machine that is busy.
        expect(life.lostMs).toBeLessThan(3_000);
        if (kills === lengths.length) break;
      }
      expect(found).toBeGreaterThan(100);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
