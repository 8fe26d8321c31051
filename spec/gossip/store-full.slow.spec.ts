import { describe, expect, it } from '@jest/globals';
import { Stage } from './stage.ts';

/** 20 kB: announced, and not pushed. */
const late = 'x'.repeat(20_000);

describe('more messages than a node keeps', () => {
  it('are gone, but do not hold up what comes after them', () => {
    const stage = new Stage({
      nodes: 2,
      latencyMs: 5,
      bytesPerSecond: 10_000_000,
      gossip: () => ({ storeBytesMax: 4 * 1024 * 1024 }),
    }).start();
    for (let n = 0; n < 300; n += 1) stage.gossip(0).publish(`${n} ${'x'.repeat(64 * 1024)}`);
    stage.net.advance(5_000);
    const { stored, droppedForNeighbours } = stage.gossip(0).snapshot();
    const { received, lost, missing } = stage.gossip(1).snapshot();
    expect(stage.texts(1).at(-1)).toMatch(/^299 /);
    // What the first one still kept when it was asked, and no more.
    expect(received).toBeGreaterThanOrEqual(stored);
    expect([received + lost + droppedForNeighbours >= 300, missing]).toEqual([true, 0]);
    const startMs = stage.net.now();
    for (let n = 0; n < 10; n += 1) stage.publish(0, `${n} ${late}`, 1_000);
    const tookMs = stage.heardMs[1]?.slice(received).map((ms, n) => ms - startMs - n * 1_000) ?? [];
    expect(tookMs.length).toBe(10);
    // An announcement, a question, an answer, and less than 10 ms of waiting and sending.
    expect(Math.max(...tookMs)).toBeLessThan(25);
    expect([stage.events('peer-reported', 0), stage.events('peer-reported', 1)]).toEqual([[], []]);
    stage.net.stop();
  });

  it('are gone, and those that are pushed too', () => {
    const stage = new Stage({ nodes: 3, latencyMs: 5, bytesPerSecond: 1_000_000 }).start();
    for (let n = 0; n < 20_000; n += 1) stage.gossip(0).publish(`${n}`);
    stage.net.advance(60_000);
    expect([1, 2].map((node) => stage.gossip(node).snapshot().missing)).toEqual([0, 0]);
    const past = stage.texts(2).length;
    stage.publish(0, `after ${late}`, 1_000);
    expect(stage.texts(2).slice(past)).toEqual([`after ${late}`]);
    stage.net.stop();
  });
});
