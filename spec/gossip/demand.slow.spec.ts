import { describe, expect, it } from '@jest/globals';
import { block, json } from 'rxmesh';
import { gossip } from 'rxmesh/gossip';
import { size } from '../support/runs.ts';
import { line, randomGraph, Stage } from './stage.ts';

describe('gossip and demand', () => {
  it('announces a large message, and pushes none: each node gets one body', () => {
    const nodes = size(16, 8);
    const stage = new Stage({
      nodes,
      links: randomGraph(nodes, size(8, 4)),
      gossip: () => ({ pushBytesMax: 1_000 }),
    }).start();
    stage.publish(0, 'x'.repeat(50_000));
    expect(stage.sum('accepted')).toBe(nodes - 1);
    expect(stage.bodies({ received: 0, duplicates: 0 })).toBe(1);
    stage.net.stop();
  });

  it('announces to a neighbour that is behind, and sends what it asks for', () => {
    const slow = new Set([2]);
    const nodes = 4;
    const stage = new Stage({
      nodes,
      links: line(3).concat([[0, 3]]),
      bytesPerSecond: (_, to) => (slow.has(to) ? 20_000 : Infinity),
      gossip: () => ({ outbound: block(4), askMs: 10_000 }),
    }).start();
    const many = size(200, 60);
    for (let n = 0; n < many; n += 1) stage.gossip(0).publish(`${n}:`.padEnd(1_000, '.'));
    stage.net.advance(200);
    // Nobody waits for the slow one.
    expect(stage.texts(1).length).toBe(many);
    expect(stage.texts(3).length).toBe(many);
    expect(stage.texts(2).length).toBeLessThan(20);
    stage.net.advance(30_000);
    expect(new Set(stage.texts(2)).size).toBe(many);
    expect(stage.texts(2).length).toBe(many);
    expect(stage.gossip(1).snapshot()).toMatchObject({ droppedForNeighbours: 0 });
    stage.net.stop();
  });

  it('holds back nobody for a slow consumer, and tells what it misses', () => {
    const stage = new Stage({ nodes: 3, links: line(3), gossip: () => ({ inboxMax: 10 }) });
    const slow: string[] = [];
    const demand = stage.gossip(1).in$.consume({
      next: ({ message }) => slow.push(message),
      error: () => slow.push('error'),
      complete: () => slow.push('end'),
    });
    demand.request(2);
    stage.start();
    for (let n = 0; n < 50; n += 1) stage.publish(0, `${n}`, 10);
    stage.net.advance(1_000);
    expect(slow).toEqual(['0', '1']);
    expect([stage.texts(1).length, stage.texts(2).length]).toEqual([50, 50]);
    expect(stage.gossip(1).snapshot()).toMatchObject({ missed: 38 });
    expect(stage.events('source-failed', 1)).toMatchObject([
      { channel: 9, error: { code: 'RXMESH_OVERFLOW' } },
    ]);
    demand.request(100);
    expect(slow.slice(2)).toEqual(Array.from({ length: 10 }, (_, n) => `${40 + n}`));
    stage.net.stop();
    expect(slow.at(-1)).toBe('end');
  });
});

describe('a gossip', () => {
  it('publishes what an Observable emits, and tells what it cannot', () => {
    const stage = new Stage({ nodes: 2, gossip: () => ({ messageBytesMax: 100 }) }).start();
    stage.gossip(0).published.next('one');
    stage.gossip(0).published.next('x'.repeat(100));
    stage.gossip(0).published.next('two');
    stage.net.advance(1_000);
    expect(stage.texts(1)).toEqual(['one', 'two']);
    expect(stage.events('source-failed', 0)).toMatchObject([
      { channel: 9, error: { code: 'RXMESH_MESSAGE_TOO_LARGE', channel: 9 } },
    ]);
    expect(() => stage.gossip(0).publish('x'.repeat(100))).toThrow('102 bytes, more than 100');
    stage.net.stop();
  });

  it('works without signatures, where an origin is only a claim', () => {
    const options = { signed: false, identity: undefined };
    const stage = new Stage({ nodes: 3, links: line(3), gossip: () => options }).start();
    stage.publish(0, 'one');
    expect(stage.heard[2]).toMatchObject([{ message: 'one', origin: stage.net.node(0).id }]);
    stage.net.stop();
  });

  it('does not mix with one that wants signatures', () => {
    const stage = new Stage({ nodes: 2, gossip: (node) => ({ signed: node === 1 }) }).start();
    stage.publish(0, 'one', 100);
    expect(stage.texts(1)).toEqual([]);
    expect(stage.events('peer-reported', 1)).toMatchObject([
      { severity: 'disconnect', error: { code: 'RXMESH_PROTOCOL_VIOLATION' } },
    ]);
    stage.net.stop();
  });

  it('can be closed and opened again', () => {
    const stage = new Stage({ nodes: 2 }).start();
    let isOver = false;
    stage.gossip(1).in$.subscribe({ complete: () => (isOver = true) });
    stage.gossip(1).close();
    stage.gossip(1).close();
    expect(isOver).toBe(true);
    expect(() => stage.gossip(1).publish('late')).toThrow('closed');
    stage.publish(0, 'unheard', 1_000);
    const { router } = stage.net.node(1);
    using again = gossip(router, { id: 9, codec: json<string>(), catchUpMs: 10 });
    const heard: string[] = [];
    again.in$.subscribe(({ message }) => heard.push(message));
    stage.net.advance(1_000);
    stage.publish(0, 'heard', 1_000);
    expect(heard).toEqual(['unheard', 'heard']);
    stage.net.stop();
  });

  it('has no message of its own, even if a neighbour returns it', () => {
    const stage = new Stage({ nodes: 3 }).start();
    for (let n = 0; n < 3; n += 1) stage.publish(0, `${n}`);
    expect(stage.texts(0)).toEqual([]);
    expect(stage.gossip(0).snapshot()).toMatchObject({ published: 3, received: 0, neighbours: 2 });
    stage.net.stop();
  });

  it('checks its options', () => {
    const stage = new Stage({ nodes: 1 });
    const { router } = stage.net.node(0);
    const make = (options: object) => () =>
      gossip(router, { id: 10, codec: json<string>(), ...options });
    expect(make({ hopsMax: 256 })).toThrow(
      new RangeError('gossip: hopsMax must be an integer from 1 to 255, got 256'),
    );
    expect(make({ seenMs: 0 })).toThrow(RangeError);
    expect(make({ storeMax: 1.5 })).toThrow(RangeError);
    expect(make({ fanout: 3 })).toThrow(/^gossip: there is no option fanout; it takes id, codec/);
    expect(make({ verdict: 'accept' })).toThrow(/verdict must be a function, got "accept"/);
    expect(make({ signed: 'yes' })).toThrow(/signed must be true or false/);
    expect(make({ identity: Promise.resolve() })).toThrow(/missing `await`/);
    expect(make({ codec: {} })).toThrow(/codec must be a codec/);
    expect(make({ topic: () => 'x'.repeat(129) })).not.toThrow();
    const news = gossip(router, { id: 11, codec: json<string>() });
    expect(() => news.publish('x')).toThrow(/messages are signed and there is no identity/);
    stage.net.start();
    stage.net.stop();
  });
});
