import { describe, expect, it } from '@jest/globals';
import { block } from 'rxmesh';
import type { GossipOptions } from 'rxmesh/gossip';
import { Observable } from 'rxjs';
import { digestIdsMax } from '../../lib/gossip/recall.ts';
import { line, randomGraph, Stage } from './stage.ts';

const nodesOf = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** Both halves of six nodes publish while they are apart, for longer than `catchUpMs`. */
function apart(gossip: (node: number) => Partial<GossipOptions<string>>): Stage {
  const stage = new Stage({
    nodes: 6,
    links: randomGraph(6, 4),
    gossip,
    retryMaxMs: 2_000,
  }).start();
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

  it('bring a node that starts again up to date, its own messages included', () => {
    const gossip = (node: number) => ({ antiEntropyMs: node === 2 ? 90_000 : 0, storeMs: 90_000 });
    const stage = new Stage({ nodes: 3, links: line(3), gossip, retryMaxMs: 2_000 }).start();
    stage.publish(2, 'own');
    for (let n = 0; n < 5; n += 1) stage.publish(0, `text ${n}`, 1_000);
    stage.net.crash(2);
    stage.publish(0, 'missed', 60_000);
    stage.net.restart(2);
    stage.net.settle();
    stage.net.advance(2_000);
    const texts = ['own', ...nodesOf(5).map((n) => `text ${n}`), 'missed'];
    expect(stage.texts(2)).toEqual(texts);
    stage.net.advance(40_000);
    stage.net.crash(2);
    stage.net.restart(2);
    stage.net.settle();
    stage.net.advance(2_000);
    // Later than that, there is nothing to catch up with.
    expect(stage.texts(2)).toEqual([]);
    stage.net.stop();
  });

  it('list the messages since a date, so none is fetched that is too old to be taken', () => {
    const gossip = (node: number) =>
      node === 0
        ? { catchUpMs: 0, storeMs: 120_000 }
        : { seenMs: 4_000, antiEntropyMs: 2_000, catchUpMs: 0 };
    const stage = new Stage({ nodes: 2, gossip }).start();
    stage.publish(0, 'first', 20_000);
    for (const text of ['second', 'third']) stage.publish(0, text, 10_000);
    // It has forgotten that it has seen the first.
    expect(stage.gossip(1).snapshot().seen).toBe(2);
    stage.net.partition([0], [1]);
    stage.net.advance(100);
    stage.net.heal();
    stage.net.settle();
    stage.net.advance(5_000);
    expect(stage.texts(1)).toEqual(['first', 'second', 'third']);
    expect(stage.gossip(0).snapshot()).toMatchObject({ stored: 3 });
    expect(stage.gossip(1).snapshot()).toMatchObject({ received: 3, stale: 0, duplicates: 0 });
    stage.net.stop();
  });

  it('come in parts: the next one when there is room for it', () => {
    const count = 4 * digestIdsMax - 1;
    const announcedMax = 2 * digestIdsMax;
    const gossip = () => ({ antiEntropyMs: 90_000, announcedMax, catchUpMs: 0 });
    const stage = new Stage({ nodes: 2, gossip }).start();
    stage.net.crash(1);
    for (let n = 0; n < count; n += 1) stage.gossip(0).publish(`${n}`);
    stage.net.restart(1);
    const missing: number[] = [];
    for (let ms = 0; ms < 2_000; ms += 10) {
      stage.net.advance(10);
      missing.push(stage.gossip(1).snapshot().missing);
    }
    expect(stage.texts(1)).toEqual(nodesOf(count).map(String));
    expect(Math.max(...missing)).toBeGreaterThan(digestIdsMax);
    expect(Math.max(...missing)).toBeLessThanOrEqual(announcedMax);
    expect(stage.gossip(1).snapshot()).toMatchObject({ droppedAnnouncements: 0, duplicates: 0 });
    stage.net.stop();
  });

  it('do not flood a slow link: each body passes it once, and nobody is blamed', () => {
    const gossip = () => ({ antiEntropyMs: 90_000, catchUpMs: 0, outbound: block(4) });
    const stage = new Stage({ nodes: 2, gossip, bytesPerSecond: () => 20_000 }).start();
    stage.net.crash(1);
    for (let n = 0; n < 300; n += 1) stage.gossip(0).publish(`${n}:`.padEnd(1_000, '.'));
    stage.net.restart(1);
    stage.net.advance(30_000);
    expect(stage.texts(1).length).toBe(300);
    expect(stage.gossip(1).snapshot()).toMatchObject({ received: 300, duplicates: 0, lost: 0 });
    expect([stage.events('peer-reported', 0), stage.events('peer-reported', 1)]).toEqual([[], []]);
    stage.net.stop();
  });

  it('bring no body that a node has had', () => {
    const gossip = () => ({ antiEntropyMs: 90_000, catchUpMs: 0 });
    const stage = new Stage({ nodes: 2, gossip }).start();
    for (let n = 0; n < 300; n += 1) stage.gossip(n % 2).publish(`${n}`);
    stage.net.advance(1_000);
    const before = [0, 1].map((node) => stage.gossip(node).snapshot());
    expect(before).toMatchObject([{ received: 150 }, { received: 150 }]);
    stage.net.partition([0], [1]);
    stage.net.advance(100);
    stage.net.heal();
    stage.net.settle();
    stage.net.advance(5_000);
    expect([0, 1].map((node) => stage.gossip(node).snapshot())).toEqual(before);
    stage.net.stop();
  });

  it('bring no more than the verdicts can take', () => {
    const gossip = (): Partial<GossipOptions<string>> => ({
      ...{ antiEntropyMs: 90_000, catchUpMs: 0, verdictsMax: 4 },
      verdict: () =>
        new Observable((observer) => stage.net.clock.schedule(() => observer.next('accept'), 100)),
    });
    const stage = new Stage({ nodes: 2, gossip }).start();
    stage.net.crash(1);
    for (let n = 0; n < 50; n += 1) stage.gossip(0).publish(`${n}`);
    stage.net.restart(1);
    stage.net.advance(5_000);
    expect(stage.texts(1)).toEqual(nodesOf(50).map(String));
    expect(stage.gossip(1).snapshot()).toMatchObject({ received: 50, lost: 0 });
    expect([stage.events('peer-reported', 0), stage.events('peer-reported', 1)]).toEqual([[], []]);
    stage.net.stop();
  });

  it('list the topics that a node wants', () => {
    const topic = (message: string): string => message.slice(0, 1);
    const wanted = ['a', 'b'];
    const gossip = (node: number): Partial<GossipOptions<string>> => ({
      ...{ topic, antiEntropyMs: 90_000, catchUpMs: 0 },
      topics: node === 1 ? wanted : undefined,
    });
    const stage = new Stage({ nodes: 2, gossip }).start();
    stage.net.crash(1);
    for (let n = 0; n < 300; n += 1)
      for (const name of 'abc') stage.gossip(0).publish(`${name}${n}`);
    stage.net.restart(1);
    stage.net.advance(5_000);
    const texts = nodesOf(300).flatMap((n) => wanted.map((name) => `${name}${n}`));
    expect(stage.texts(1).toSorted()).toEqual(texts.toSorted());
    stage.net.stop();
  });
});

describe('the memory of gossip', () => {
  it('has its bounds, also in front of a neighbour that is behind', () => {
    const bounds = { storeMax: 100, storeBytesMax: 50_000 };
    const gossip = () => ({ antiEntropyMs: 90_000, outbound: block(1), ...bounds });
    const stage = new Stage({ nodes: 2, gossip, bytesPerSecond: () => 2_000 }).start();
    for (let n = 0; n < 500; n += 1) stage.gossip(0).publish(`${n}:`.padEnd(1_000, '.'));
    const { stored, storedBytes } = stage.gossip(0).snapshot();
    expect([stored, storedBytes < 50_000, storedBytes > 40_000]).toEqual([44, true, true]);
    stage.net.advance(120_000);
    // What was to be pushed and has been dropped is not sent.
    expect(stage.gossip(0).snapshot().droppedForNeighbours).toBeGreaterThan(50);
    expect(stage.texts(1).length).toBeLessThan(100);
    expect(new Set(stage.texts(1)).size).toBe(stage.texts(1).length);
    stage.net.stop();
  });
});
