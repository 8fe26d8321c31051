import { describe, expect, it } from '@jest/globals';
import { Knowledge } from '../../lib/testing/knowledge.ts';
import { simulate } from '../../lib/testing/index.ts';

describe('Knowledge', () => {
  const lists = [[3, 1, 1], [], [1], [3, 0], []];
  const asked = (node: number, other: number): boolean => lists[node]?.includes(other) === true;

  it('finds the same with lists as with a function', () => {
    const [listed, found] = [new Knowledge(lists), new Knowledge(asked)];
    for (let node = 0; node < 6; node += 1) {
      for (let count = 0; count < 6; count += 1) {
        expect(listed.knownTo(node, count)).toEqual(found.knownTo(node, count));
        expect(listed.acquaintedWith(node, count)).toEqual(found.acquaintedWith(node, count));
      }
    }
  });

  it('knows in order, each once, and nobody itself', () => {
    const listed = new Knowledge(lists);
    expect(listed.knownTo(0, 5)).toEqual([1, 3]);
    expect(listed.knownTo(3, 5)).toEqual([0]);
    expect(listed.knownTo(0, 3)).toEqual([1]);
    expect(listed.acquaintedWith(1, 5)).toEqual([0, 2]);
    expect(listed.acquaintedWith(3, 3)).toEqual([0]);
    expect(listed.acquaintedWith(4, 5)).toEqual([]);
  });

  it('connects a network by lists as by a function, with the same log', () => {
    const log = (knows: typeof lists | typeof asked): string => {
      const net = simulate({ nodes: 5, latencyMs: [5, 20], knows });
      net.start();
      net.add();
      net.advance(100);
      const text = net.log.join('\n');
      net.stop();
      return text;
    };
    expect(log(lists)).toBe(log(asked));
    expect(log(lists).match(/ is up, outbound/g)).toHaveLength(3);
  });
});
