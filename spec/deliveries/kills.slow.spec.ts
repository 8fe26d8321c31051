import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { killWhileDelivering } from '../../scripts/delivery-kills/rounds.ts';

describe('two processes of which either is killed', () => {
  it('handle each message exactly once and in order', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rxmesh-delivery-kills-'));
    try {
      const outcome = await killWhileDelivering(directory, 5_000, 6);
      expect(outcome).toMatchObject({ last: 4_999, left: 0, problems: [] });
      expect(outcome.kills.sender + outcome.kills.receiver).toBe(6);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
