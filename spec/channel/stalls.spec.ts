import { describe, expect, it } from '@jest/globals';
import { block } from '../../lib/flow/strategy.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { credit, data } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

const stallMs = 10_000;
const watching = (): LinkedNode =>
  new LinkedNode(0, new VirtualClock(), undefined, undefined, stallMs);

/** The stalls reported so far, as `<at> <in or out> <begins or ends> <depth>`. */
function stalls(node: LinkedNode): string[] {
  const log: string[] = [];
  node.switchboard.events$.subscribe((event) => {
    if (event.type !== 'lane-stalled') return;
    const { direction, stalled, depth, peer, channel } = event;
    expect([peer, channel]).toEqual([idOf(1), 7]);
    log.push(`${node.clock.now()} ${direction} ${stalled ? 'begins' : 'ends'} ${depth}`);
  });
  return log;
}

const message = Uint8Array.of(1);

describe('L-06 a stalled lane', () => {
  it('outbound, is reported once, and its end when the peer takes a message', () => {
    const node = watching();
    const channel = open(node, { outbound: block(2) });
    const { link } = node.peer(1, { 7: 0 });
    const log = stalls(node);
    for (let sends = 0; sends < 4; sends += 1) {
      channel.send({ to: idOf(1), message }).subscribe();
    }
    node.clock.advance(60_000);
    expect(log).toEqual(['11000 outbound begins 2']);
    expectIdle(node.clock.scheduler);
    link.arrive(credit(7, 1));
    node.turn();
    expect(log.slice(1)).toEqual(['60000 outbound ends 1']);
    // It is full again, and stalls again.
    node.clock.advance(60_000);
    expect(log.slice(2)).toEqual(['71000 outbound begins 2']);
    link.end();
    node.turn();
    expect(log.slice(3)).toEqual(['120000 outbound ends 0']);
    expectIdle(node.clock.scheduler);
  });

  it.each([
    ['gives no credit', 0, [], 3],
    ['gives credit for a part', 2, [1, 2], 1],
  ])('outbound, is reported though it is never full: the peer %s', (_, count, sent, depth) => {
    const node = watching();
    const channel = open(node, { outbound: block(64) });
    const { link } = node.peer(1, { 7: count });
    const log = stalls(node);
    for (const value of [1, 2, 3]) {
      channel.out.next({ to: idOf(1), message: Uint8Array.of(value) });
    }
    node.clock.advance(60_000);
    const written = link.take().filter((text) => text.startsWith('data'));
    expect(written).toEqual(sent.map((value) => `data 7 0${value} last`));
    expect(log).toEqual([`11000 outbound begins ${depth}`]);
    link.arrive(credit(7, 9));
    node.turn();
    expect(log.slice(1)).toEqual([`60000 outbound ends ${depth - 1}`]);
    node.clock.advance(60_000);
    expect(log).toHaveLength(2);
    expectIdle(node.clock.scheduler);
  });

  it('inbound, is reported when nobody consumes, and its end when somebody does', () => {
    const node = watching();
    const channel = open(node);
    const { link } = node.peer(1);
    const log = stalls(node);
    link.arrive(data(7, [1]), data(7, [2]));
    node.clock.advance(60_000);
    expect(log).toEqual(['11000 inbound begins 2']);
    channel.in$.subscribe();
    expect(log.slice(1)).toEqual(['60000 inbound ends 1']);
    node.clock.advance(60_000);
    expect(log).toHaveLength(2);
    expectIdle(node.clock.scheduler);
  });

  it('is not reported while it moves, however full it is', () => {
    const node = watching();
    const channel = open(node, { outbound: block(2) });
    const { link } = node.peer(1, { 7: 0 });
    const log = stalls(node);
    for (let second = 0; second < 60; second += 1) {
      for (let sends = 0; sends < 2; sends += 1) channel.out.next({ to: idOf(1), message });
      link.arrive(credit(7, 1));
      node.clock.advance(1_000);
    }
    expect(log).toEqual([]);
    channel.close();
    node.clock.advance(20_000);
    expect(log).toEqual([]);
    expectIdle(node.clock.scheduler);
  });
});
