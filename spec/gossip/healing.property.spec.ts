import { describe, expect, it } from '@jest/globals';
import { size } from '../support/runs.ts';
import { randomGraph, ring, Stage } from './stage.ts';

const count = (nodes: number): readonly number[] => Array.from({ length: nodes }, (_, n) => n);

describe('a tree of gossip', () => {
  it('is healed when a node in it crashes', () => {
    const nodes = size(24, 10);
    const links = randomGraph(nodes, size(8, 4));
    const stage = new Stage({ nodes, links, retryMaxMs: 200 }).start();
    for (let n = 0; n < 4; n += 1) stage.publish(0, `warm ${n}`);
    const parents = count(nodes).map((node) => stage.heard[node]?.at(-1)?.from);
    // The node that passes on to most others.
    const inner = count(nodes)
      .slice(1)
      .toSorted((one, other) => passedOn(other) - passedOn(one))[0];
    function passedOn(node: number): number {
      return parents.filter((parent) => parent === stage.net.node(node).id).length;
    }
    expect(passedOn(inner ?? 0)).toBeGreaterThan(1);
    stage.net.crash(inner ?? 0, { silently: true });
    for (let n = 0; n < 3; n += 1) stage.publish(0, `text ${n}`);
    for (const node of count(nodes).slice(1)) {
      if (node === inner) continue;
      expect(stage.texts(node).slice(-3)).toEqual(['text 0', 'text 1', 'text 2']);
    }
    stage.net.stop();
  });

  it('asks for a message when the branch that should bring it is cut', () => {
    const stage = new Stage({ nodes: 6, links: ring(6) }).start();
    for (let n = 0; n < 3; n += 1) stage.publish(0, `warm ${n}`);
    stage.net.silence([1], [0, 2]);
    stage.gossip(0).publish('text');
    stage.net.advance(3_000);
    // The way round, over the link that is lazy.
    for (const node of [2, 3, 4, 5]) expect(stage.texts(node).at(-1)).toBe('text');
    expect(stage.texts(1).at(-1)).toBe('warm 2');
    stage.net.heal();
    stage.net.advance(3_000);
    expect(stage.texts(1).at(-1)).toBe('text');
    stage.net.stop();
  });

  it('loses nothing while a third of the nodes pass on nothing', () => {
    const nodes = size(24, 10);
    const isSilent = (node: number): boolean => node % 3 === 1;
    const stage = new Stage({
      nodes,
      links: randomGraph(nodes, size(8, 4)),
      gossip: (node) => (isSilent(node) ? { verdict: () => 'ignore' } : {}),
    }).start();
    for (let n = 0; n < 6; n += 1) stage.publish(0, `text ${n}`, 1_000);
    for (const node of count(nodes).slice(1)) {
      const expected = isSilent(node) ? [] : count(6).map((n) => `text ${n}`);
      expect(stage.texts(node)).toEqual(expected);
    }
    stage.net.stop();
  });

  it('brings nodes that were apart up to date, and a late one what is new enough', () => {
    const nodes = 6;
    const links = ring(nodes);
    const options = { nodes, links, retryMaxMs: 100, gossip: () => ({ catchUpMs: 10_000 }) };
    const stage = new Stage(options).start();
    stage.publish(0, 'before');
    stage.net.partition([0, 1, 2], [3, 4, 5]);
    stage.publish(0, 'left', 2_000);
    stage.publish(4, 'right', 2_000);
    expect([stage.texts(2), stage.texts(5)]).toEqual([
      ['before', 'left'],
      ['before', 'right'],
    ]);
    stage.net.heal();
    stage.net.settle();
    stage.net.advance(2_000);
    for (const node of [1, 2]) expect(stage.texts(node)).toEqual(['before', 'left', 'right']);
    expect(stage.texts(0)).toEqual(['right']);
    for (const node of [3, 5]) expect(stage.texts(node)).toEqual(['before', 'right', 'left']);
    stage.net.crash(5);
    stage.net.advance(10_000);
    stage.publish(0, 'late', 100);
    stage.net.restart(5);
    stage.net.settle();
    stage.net.advance(1_000);
    expect(stage.texts(5)).toEqual(['late']);
    stage.net.stop();
  });

  it('announces nothing of the past with catchUpMs: 0', () => {
    const stage = new Stage({ nodes: 3, gossip: () => ({ catchUpMs: 0 }) }).start();
    stage.publish(0, 'before');
    stage.net.crash(2);
    stage.net.restart(2);
    stage.net.settle();
    stage.publish(0, 'after');
    expect(stage.texts(2)).toEqual(['after']);
    stage.net.stop();
  });
});
