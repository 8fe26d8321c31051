import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { line, randomGraph, ring, Stage } from './stage.ts';

const nodesOf = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

describe('gossip in any partitions', () => {
  const nodes = 5;
  const island = fc.uniqueArray(fc.nat(nodes - 1), { minLength: 1, maxLength: nodes - 1 });
  const step = fc.record({
    island,
    forMs: fc.nat(12_000),
    publishers: fc.array(fc.nat(nodes - 1)),
  });

  it('brings each message to every node at most once, and to all of them in the end', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 5 }),
        fc.nat(1_000),
        fc.constantFrom(ring(nodes), randomGraph(nodes, 3), line(nodes)),
        (steps, seed, links) => {
          const gossip = () => ({ antiEntropyMs: 90_000, catchUpMs: 0 });
          const stage = new Stage({ nodes, seed, links, gossip, retryMaxMs: 1_000 }).start();
          const published: { readonly by: number; readonly text: string }[] = [];
          for (const { island: one, forMs, publishers } of steps) {
            stage.net.partition(
              one,
              nodesOf(nodes).filter((node) => !one.includes(node)),
            );
            for (const by of publishers) {
              const text = `${published.length}`;
              published.push({ by, text });
              stage.publish(by, text, forMs / publishers.length);
            }
            stage.net.heal();
            stage.net.advance(forMs / 4);
          }
          stage.net.settle();
          stage.net.advance(10_000);
          for (const node of nodesOf(nodes)) {
            const others = published.filter(({ by }) => by !== node).map(({ text }) => text);
            expect(stage.texts(node).toSorted()).toEqual(others.toSorted());
          }
          stage.net.stop();
        },
      ),
      { numRuns: 40 },
    );
  });
});
