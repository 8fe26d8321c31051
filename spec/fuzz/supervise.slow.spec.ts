import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Random } from '../../scripts/fuzz/random.ts';
import { supervised } from '../../scripts/fuzz/supervise.ts';
import { isOut } from './maze.ts';

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

describe('guided inputs', () => {
  const maze = { seed: 3, from: 0, count: 60_000, isGuided: true };
  const isWayOut = (hex = ''): boolean => isOut(new Uint8Array(Buffer.from(hex, 'hex')));

  it('S-08 lead to what chance does not find', async () => {
    const supervision = { worker, hangMs: 30_000 };
    const { finding, reached } = await supervised({ target: 'maze', ...maze }, supervision);
    expect(finding?.text).toContain('planted');
    expect(isWayOut(finding?.hex)).toBe(true);
    expect(reached?.kept).toBeGreaterThanOrEqual(5);
    const byChance = { ...maze, target: 'maze', isGuided: false, count: 20_000 };
    const { finding: none, reached: nothing } = await supervised(byChance, supervision);
    expect([none, nothing]).toEqual([undefined, undefined]);
  });

  it.each([
    ['hangs', 3_000],
    ['ends', 30_000],
  ])('S-08 are told if the process %s', async (how, hangMs) => {
    const target = `${how} in a maze`;
    const { finding } = await supervised({ target, ...maze }, { worker, hangMs });
    expect(finding).toMatchObject({ target, text: 'it hangs, or ends the process' });
    expect(isWayOut(finding?.hex)).toBe(true);
  });
});
