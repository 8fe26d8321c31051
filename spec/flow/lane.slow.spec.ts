import { describe, expect, it } from '@jest/globals';
import { Lane } from '../../lib/flow/lane.ts';
import { block, dropNewest } from '../../lib/flow/strategy.ts';
import { emptied } from '../support/emptied.ts';
import { heapBytes } from '../support/garbage.ts';

describe('a large lane', () => {
  it('releases its memory when nothing waits any more', async () => {
    // Much more than what earlier specs may still leave to the garbage collector.
    const before = await heapBytes();
    const lanes = Array.from({ length: 40 }, () => new Lane<number>(block(2 ** 17)));
    for (const lane of lanes) while (lane.offer(1) === 'taken');
    expect((await heapBytes()) - before).toBeGreaterThan(30_000_000);
    for (const lane of lanes) while (lane.take() !== undefined);
    expect((await heapBytes()) - before).toBeLessThan(10_000_000);
    expect(lanes.every(({ size }) => size === 0)).toBe(true);
  });

  it('holds up to the largest capacity, and works afterwards', () => {
    const capacity = 2 ** 20;
    const lane = new Lane<number>(dropNewest(capacity));
    for (let i = 0; i < capacity; i++) lane.offer(i);
    expect(lane.offer(capacity)).toBe('rejected');
    for (let i = 0; i < capacity; i++) if (lane.take() !== i) throw new Error(`not ${i}`);
    expect(lane.take()).toBeUndefined();
    lane.offer(7);
    expect(emptied(lane)).toEqual([7]);
  });
});
