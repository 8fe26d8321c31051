import { describe, expect, it } from '@jest/globals';
import { block } from '../../lib/flow/strategy.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { closed, credit, data, FakeLink } from '../support/fake-link.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

const dataOf = (link: FakeLink): string[] => link.take().filter((text) => text.startsWith('data'));

/** A node with three messages in its lane to peer 1, to be kept, if the lane has room. */
function withMessages(capacity = 9) {
  const node = new LinkedNode();
  const channel = open(node, { outbound: block(capacity) });
  const { link } = node.peer(1, { 7: 0 });
  const messages = [1, 2, 3].map((value) => ({ to: idOf(1), message: Uint8Array.of(value) }));
  pipeTo(channel)(messages).subscribe();
  return { node, channel, link };
}

const answer = { to: idOf(1), message: Uint8Array.of(0xff) };
const three = ['data 7 01 last', 'data 7 02 last', 'data 7 03 last'];

describe('what is kept for a peer', () => {
  it('goes before what a handler of `peer-channel` sends', () => {
    const { node, channel, link } = withMessages();
    link.arrive(closed(7));
    node.turn();
    node.switchboard.events$.subscribe((event) => {
      if (event.type === 'peer-channel' && event.open) channel.out.next(answer);
    });
    link.take();
    link.arrive(credit(7, 9));
    node.turn();
    expect(dataOf(link)).toEqual([...three, 'data 7 ff last']);
  });

  it.each(['the peer is up', 'a consumer answers'])('goes before what is sent as %s', (when) => {
    const { node, channel, link } = withMessages();
    link.end();
    if (when !== 'the peer is up') channel.in$.subscribe(() => channel.out.next(answer));
    const again = new FakeLink();
    const session = node.channels.offer(again, idOf(1));
    again.arrive({ type: 'accept' }, credit(7, 9), data(7, [5]));
    node.turn();
    again.take();
    // As `route` does, which emits `up` in between.
    node.channels.add(session);
    if (when === 'the peer is up') channel.out.next(answer);
    session.goLive();
    node.turn();
    expect(dataOf(again)).toEqual([...three, 'data 7 ff last']);
  });

  it.each([9, 2])('is kept again if the peer leaves again (a lane for %i)', (capacity) => {
    const { node, link } = withMessages(capacity);
    link.end();
    node.turn();
    node.peer(1, { 7: 0 }).link.end();
    node.turn();
    const third = node.peer(1, { 7: 0 }).link;
    third.arrive(credit(7, 9));
    node.turn();
    expect([dataOf(third), node.takeDrops()]).toEqual([three, []]);
  });

  it.each([
    ['to it', answer],
    ['to everyone', { broadcast: true as const, message: answer.message }],
  ])('is what a lane has with a message that waits: not what is sent later, %s', (_, later) => {
    const { node, channel, link } = withMessages();
    link.arrive(credit(7, 3));
    node.turn();
    expect(dataOf(link)).toEqual(three);
    channel.out.next(later);
    link.end();
    node.turn();
    expect(node.takeDrops()).toEqual(['out 7 peer-down 1']);
    expect(node.switchboard.snapshot().awaited).toEqual([]);
  });

  it('and is too large now is given up; a handler that ends the session loses nothing else', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 0 });
    const messages = [10, 2000].map((size) => ({ to: idOf(1), message: new Uint8Array(size) }));
    pipeTo(channel)(messages).subscribe();
    link.arrive(closed(7));
    channel.undelivered$.subscribe(() => link.end());
    link.arrive({ type: 'limit', channel: 7, bytes: 1000 }, credit(7, 0));
    node.turn();
    expect(node.takeDrops()).toEqual(['out 7 too-large 1']);
    expect(node.switchboard.snapshot().awaited).toMatchObject([{ kept: 1 }]);
  });
});
