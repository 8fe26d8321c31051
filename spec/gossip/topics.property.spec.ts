import { describe, expect, it } from '@jest/globals';
import { BehaviorSubject } from 'rxjs';
import { size } from '../support/runs.ts';
import { line, randomGraph, Stage } from './stage.ts';

/** The topic is what stands before the colon. */
const topic = (message: string): string => message.split(':')[0] ?? '';

describe('topics of gossip', () => {
  it('go only to those that want them', () => {
    const wanted = [undefined, ['a'], ['a', 'b'], ['b'], []];
    const stage = new Stage({
      nodes: 5,
      gossip: (node) => ({ topic, topics: wanted[node] }),
    }).start();
    for (const message of ['a:1', 'b:1', 'c:1']) stage.publish(0, message);
    expect([1, 2, 3, 4].map((node) => stage.texts(node))).toEqual([
      ['a:1'],
      ['a:1', 'b:1'],
      ['b:1'],
      [],
    ]);
    expect(stage.heard[1]?.[0]).toMatchObject({ topic: 'a' });
    expect(stage.gossip(4).snapshot()).toMatchObject({ received: 0, unwanted: 0, seen: 0 });
    stage.net.stop();
  });

  it('pass only nodes that want them', () => {
    const stage = new Stage({
      nodes: 3,
      links: line(3),
      gossip: (node) => ({ topic, topics: node === 1 ? ['a'] : ['a', 'b'] }),
    }).start();
    for (const message of ['a:1', 'b:1']) stage.publish(0, message);
    expect([1, 2].map((node) => stage.texts(node))).toEqual([['a:1'], ['a:1']]);
    stage.net.stop();
  });

  it('may change, and a node catches up on those that are new', () => {
    const topics$ = new BehaviorSubject(['a']);
    const stage = new Stage({
      nodes: 2,
      gossip: (node) => ({ topic, topics: node === 1 ? topics$ : undefined }),
    }).start();
    stage.publish(0, 'a:1');
    stage.publish(0, 'b:1');
    topics$.next(['b']);
    stage.net.advance(1_000);
    stage.publish(0, 'a:2');
    stage.publish(0, 'b:2');
    expect(stage.texts(1)).toEqual(['a:1', 'b:1', 'b:2']);
    topics$.next(['x'.repeat(129)]);
    expect(stage.events('source-failed', 1)).toMatchObject([
      { channel: 9, error: { code: 'RXMESH_OPTIONS_INVALID' } },
    ]);
    stage.net.stop();
  });

  it('have a tree each', () => {
    const nodes = size(16, 8);
    const stage = new Stage({
      nodes,
      links: randomGraph(nodes, size(8, 5)),
      gossip: (node) => ({ topic, topics: node % 2 === 0 ? ['a', 'b'] : ['a'] }),
    }).start();
    for (let n = 0; n < 4; n += 1) for (const name of 'ab') stage.publish(0, `${name}:${n}`, 1_000);
    const before = stage.counts;
    for (let n = 4; n < 9; n += 1) for (const name of 'ab') stage.publish(0, `${name}:${n}`, 1_000);
    expect(stage.bodies(before)).toBeLessThanOrEqual(1.15);
    const texts = (node: number, name: string): number =>
      stage.texts(node).filter((text) => text.startsWith(name)).length;
    for (let node = 1; node < nodes; node += 1) {
      expect([texts(node, 'a'), texts(node, 'b')]).toEqual([9, node % 2 === 0 ? 9 : 0]);
    }
    stage.net.stop();
  });
});
