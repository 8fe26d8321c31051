import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Random } from '../../scripts/fuzz/random.ts';
import { supervised } from '../../scripts/fuzz/supervise.ts';

const worker = fileURLToPath(new URL('planted-worker.ts', import.meta.url));
const work = { seed: 3, from: 0, count: 600 };

/** The first input that begins with 0 or 1. */
function firstFault(): number {
  let index = 0;
  while (Random.of(work.seed, index).below(256) > 1) index += 1;
  return index;
}

describe('the process of a target that breaks', () => {
  it.each([
    ['hangs', 3_000],
    ['ends', 30_000],
  ])('S-08 finds the input that it %s at', async (target, hangMs) => {
    const { finding } = await supervised({ target, ...work }, { worker, hangMs });
    const text = 'it hangs, or ends the process';
    expect(finding).toEqual({ target, seed: 3, index: firstFault(), text });
  });

  it('S-08 finds a rejection that nobody handles, and makes its input short', async () => {
    const supervision = { worker, hangMs: 30_000 };
    const { finding } = await supervised({ target: 'rejects', ...work }, supervision);
    expect(finding).toMatchObject({ index: firstFault(), hex: '' });
    expect(finding?.text).toContain('nobody handles Error: stray');
  });
});
