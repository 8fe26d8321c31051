import { describe, expect, it } from '@jest/globals';
import type { Channel } from '../../lib/channel/channel.ts';
import { block } from '../../lib/flow/strategy.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import { credit } from '../support/fake-link.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

type Opened = Channel<Uint8Array>;

const to = (peer: number, value: number): OutboundEnvelope<Uint8Array> => ({
  to: idOf(peer),
  message: Uint8Array.of(value),
});

/** The first bytes of the data written. */
const dataOf = (link: { take(): string[] }): number[] =>
  link
    .take()
    .filter((text) => text.startsWith('data'))
    .map((text) => parseInt(text.split(' ')[2] ?? '', 16));

/** A node with a stall of three messages on channel 7; a fourth one was dropped. */
function stalled(onEnd: (node: LinkedNode, end: () => void) => void) {
  const node = new LinkedNode(0, undefined, undefined, undefined, 1000);
  const channel = open(node, { outbound: block(3) });
  const { link, session } = node.peer(1, { 7: 0 });
  for (const value of [1, 2, 3, 4]) channel.out.next(to(1, value));
  node.clock.advance(3000);
  node.takeDrops();
  node.switchboard.events$.subscribe((event) => {
    if (event.type === 'lane-stalled' && !event.stalled) onEnd(node, () => session.close('done'));
  });
  return { node, channel, link };
}

describe('a lane that is emptied', () => {
  it('a subscriber of undelivered$ may open the channel again and send', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link } = node.peer(1, { 7: 0 });
    channel.undelivered$.subscribe(() => open(node).out.next(to(1, 9)));
    channel.out.next(to(1, 1));
    channel.send(to(1, 2)).subscribe({ error: () => undefined });
    channel.close();
    link.arrive(credit(7, 9));
    node.turn();
    expect([dataOf(link), node.takeDrops()]).toEqual([[9], ['out 7 channel-closed 2']]);
  });

  it('a handler of lane-stalled may end the session when the lane moves: all are counted', () => {
    const { node, link } = stalled((_, end) => end());
    link.arrive(credit(7, 9));
    node.turn();
    expect([dataOf(link), node.takeDrops()]).toEqual([[], ['out 7 peer-down 3']]);
  });

  it('a handler of lane-stalled may open the channel again as it is closed', () => {
    let next: Opened | undefined;
    const { node, channel, link } = stalled((where) => {
      next = open(where);
      next.out.next(to(1, 9));
    });
    channel.close();
    next?.out.next(to(1, 10));
    link.arrive(credit(7, 9));
    node.turn();
    expect([dataOf(link), node.takeDrops()]).toEqual([[9, 10], ['out 7 channel-closed 3']]);
  });

  it('a half-written message of a closed channel is not one of the channel opened in its place', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 0 }, { recordBytesMax: 100 });
    channel.out.next({ to: idOf(1), message: new Uint8Array(200) });
    link.onFlush = () => (link.writable = false);
    link.arrive(credit(7, 9));
    node.turn();
    channel.close();
    const next = open(node);
    let undelivered = 0;
    next.undelivered$.subscribe(() => (undelivered += 1));
    next.send(to(1, 2), { absent: 'wait' }).subscribe();
    link.end();
    const again = node.peer(1);
    again.link.arrive(credit(7, 9));
    node.turn();
    expect([undelivered, dataOf(again.link), node.takeDrops()]).toEqual([
      0,
      [2],
      ['out 7 peer-down 1'],
    ]);
  });
});
