import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { block, type Channel, json, type NodeId } from 'rxmesh';
import { gossip, type GossipOptions } from 'rxmesh/gossip';
import { digestIdsMax } from '../../lib/gossip/recall.ts';
import { type Links, line, randomGraph, ring, Stage } from './stage.ts';

const nodesOf = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const recalling = (options: Partial<GossipOptions<string>> = {}) => ({
  gossip: () => ({ antiEntropyMs: 90_000, ...options }),
});

/** Both halves of six nodes publish while they are apart, for longer than `catchUpMs`. */
function apart(gossip: (node: number) => Partial<GossipOptions<string>>): Stage {
  const stage = new Stage({ nodes: 6, links: randomGraph(6, 4), gossip, retryMaxMs: 2_000 }).start();
  stage.publish(0, 'before');
  stage.net.partition([0, 1, 2], [3, 4, 5]);
  for (let n = 0; n < 10; n += 1) {
    stage.publish(n % 3, `left ${n}`, 1_000);
    stage.publish(3 + (n % 3), `right ${n}`, 1_000);
  }
  stage.net.advance(40_000);
  stage.net.heal();
  stage.net.settle();
  stage.net.advance(5_000);
  return stage;
}

/** What a node should have heard: everything but its own. */
function allBut(node: number): readonly string[] {
  const own = (n: number, side: string): boolean =>
    side === 'left' ? n % 3 === node : 3 + (n % 3) === node;
  const sides = ['left', 'right'].flatMap((side) =>
    nodesOf(10)
      .filter((n) => !own(n, side))
      .map((n) => `${side} ${n}`),
  );
  return (node === 0 ? sides : ['before', ...sides]).toSorted();
}

describe('digests of gossip', () => {
  it('bring each message to every node once after a partition; without them they do not', () => {
    const stage = apart(() => ({ antiEntropyMs: 90_000 }));
    for (const node of nodesOf(6)) expect(stage.texts(node).toSorted()).toEqual(allBut(node));
    stage.net.stop();
    const without = apart(() => ({}));
    for (const node of nodesOf(6)) {
      const other = node < 3 ? 'right' : 'left';
      expect(without.texts(node).filter((text) => text.startsWith(other))).toEqual([]);
    }
    without.net.stop();
  });
});
