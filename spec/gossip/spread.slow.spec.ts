import { describe, expect, it } from '@jest/globals';
import { type Links, line, randomGraph, ring, Stage, star } from './stage.ts';

const shapes: readonly (readonly [string, number, Links])[] = [
  ['a star', 12, star(12)],
  ['a line', 12, line(12)],
  ['a ring', 12, ring(12)],
  ['a random graph of degree 8', 24, randomGraph(24, 8)],
];

/** The nodes without one. */
const others = (nodes: number, without: number): readonly number[] =>
  Array.from({ length: nodes }, (_, node) => node).filter((node) => node !== without);

describe('gossip', () => {
  it.each(shapes)('reaches every node of %s once', (_, nodes, links) => {
    const stage = new Stage({ nodes, links }).start();
    stage.publish(3, 'one');
    stage.publish(3, 'two');
    for (const node of others(nodes, 3)) expect(stage.texts(node)).toEqual(['one', 'two']);
    expect(stage.texts(3)).toEqual([]);
    const [first] = stage.heard[4] ?? [];
    expect(first).toMatchObject({ origin: stage.net.node(3).id, topic: '' });
    stage.net.stop();
  });

  it.each(shapes)('becomes a tree in %s: at most 1.15 bodies a delivery', (_, nodes, links) => {
    const stage = new Stage({ nodes, links }).start();
    for (let n = 0; n < 5; n += 1) stage.publish(0, `warm ${n}`);
    const before = stage.counts;
    for (let n = 0; n < 20; n += 1) stage.publish(0, `text ${n}`, 1_000);
    expect(stage.sum('received') - before.received).toBe(20 * (nodes - 1));
    expect(stage.bodies(before)).toBeLessThanOrEqual(1.15);
    expect(stage.sum('lost')).toBe(0);
    stage.net.stop();
  });

  it('counts the links that a message has passed', () => {
    const stage = new Stage({ nodes: 5, links: line(5) }).start();
    stage.publish(0, 'far');
    expect([1, 2, 3, 4].map((node) => stage.heard[node]?.[0]?.hops)).toEqual([1, 2, 3, 4]);
    expect(stage.heardMs[4]?.[0]).toBe((stage.heardMs[1]?.[0] ?? 0) + 30);
    expect(stage.heard[4]?.[0]?.from).toBe(stage.net.node(3).id);
    stage.net.stop();
  });
});
