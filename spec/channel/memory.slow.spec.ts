import { describe, expect, it } from '@jest/globals';
import { raw } from '../../lib/codec/raw.ts';
import { block } from '../../lib/flow/strategy.ts';
import type { Session } from '../../lib/session/session.ts';
import { credit, FakeLink } from '../support/fake-link.ts';
import { collectGarbage, heapBytes } from '../support/garbage.ts';
import { LinkedNode, NodePair } from '../support/linked-node.ts';

const peers = 200;

/** A node whose peers never write: nothing retains what they would have written. */
function busyNode(channels: number): LinkedNode {
  const node = new LinkedNode();
  for (let id = 0; id < channels; id += 1) node.channels.open({ id, codec: raw() });
  for (let peer = 1; peer <= peers; peer += 1) {
    const { link } = node.peer(peer);
    for (let id = 0; id < channels; id += 1) link.arrive(credit(id, 64));
  }
  node.events.length = 0;
  return node;
}

describe('memory', () => {
  it('of an idle channel that a peer has open is about a kilobyte', async () => {
    const before = await heapBytes();
    const node = busyNode(1);
    const one = await heapBytes();
    const wide = busyNode(51);
    const all = await heapBytes();
    const perPort = (all - one - (one - before)) / (50 * peers);
    expect([node, wide].map(({ channels }) => channels.ids.length)).toEqual([1, 51]);
    expect(perPort).toBeLessThan(1536);
  });

  it('L-32 of a closed channel is released while its connection lives', async () => {
    const node = new LinkedNode();
    const { link } = node.peer(1);
    const refs = Array.from({ length: 200 }, (_, id) => {
      const large = new Uint8Array(1024 * 1024);
      const codec = {
        encode: (bytes: Uint8Array) => (large.fill(1), bytes),
        decode: (bytes: Uint8Array) => bytes,
      };
      const channel = node.channels.open({ id, codec });
      channel.in$.subscribe();
      link.arrive(credit(id, 64));
      channel.out.next({ broadcast: true, message: Uint8Array.of(1) });
      node.turn();
      link.take();
      channel.close();
      return new WeakRef(codec);
    });
    node.turn();
    link.records.length = 0;
    node.events.length = 0;
    await heapBytes();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual(1);
  });

  it('L-32 of ids opened and closed is at most a kilobyte each', async () => {
    const node = new LinkedNode();
    const { link } = node.peer(1);
    link.onFlush = () => (link.records.length = 0);
    const before = await heapBytes();
    for (let id = 0; id < 20_000; id += 1) node.channels.open({ id, codec: raw() }).close();
    node.turn();
    link.records.length = 0;
    node.events.length = 0;
    expect(((await heapBytes()) - before) / 20_000).toBeLessThan(1_024);
  });

  it('does not grow with closing and opening a channel', async () => {
    const pair = new NodePair();
    const open = (): void => {
      const channels = [pair.a, pair.b].map((node) =>
        node.channels.open({ id: 7, codec: raw(), inbound: block(4) }),
      );
      pair.settle();
      for (const channel of channels) {
        channel.out.next({ broadcast: true, message: new Uint8Array(100) });
        pair.settle();
        channel.close();
        pair.settle();
      }
      pair.a.events.length = 0;
      pair.b.events.length = 0;
      pair.links.a.records.length = 0;
      pair.links.b.records.length = 0;
    };
    for (let count = 0; count < 1000; count += 1) open();
    const before = await heapBytes();
    for (let count = 0; count < 5_000; count += 1) open();
    const after = await heapBytes();
    // A single leaked port or inbox takes more.
    expect((after - before) / 5_000).toBeLessThan(150);
  });

  it('does not grow with peers that leave unread messages', async () => {
    const node = new LinkedNode();
    const channel = node.channels.open({ id: 7, codec: raw() });
    const visits = (count: number): void => {
      for (let visit = 0; visit < count; visit += 1) {
        const { link } = node.peer(visit % 1000);
        link.arrive({ type: 'data', channel: 7, bytes: new Uint8Array(1000), last: true });
        link.end();
      }
      node.events.length = 0;
    };
    visits(2000);
    const before = await heapBytes();
    visits(5_000);
    const after = await heapBytes();
    // A single leaked inbox takes more.
    expect((after - before) / 5_000).toBeLessThan(150);
    expect(node.channels.ids).toEqual([channel.id]);
  });

  it('of an ended session is released, even if its messages still wait', async () => {
    const node = new LinkedNode();
    const channel = node.channels.open({ id: 7, codec: raw() });
    const sessionOf = (): WeakRef<Session> => {
      const { link, session } = node.peer(1);
      link.arrive({ type: 'data', channel: 7, bytes: new Uint8Array(1), last: true });
      link.end();
      return new WeakRef(session);
    };
    const session = sessionOf();
    await collectGarbage();
    expect(session.deref()).toBeUndefined();
    const messages: unknown[] = [];
    channel.in$.subscribe(({ message }) => messages.push(message));
    expect(messages).toHaveLength(1);
  });

  it('of a sent message is released once it is written', async () => {
    const node = new LinkedNode();
    const channel = node.channels.open({ id: 7, codec: raw(), outbound: block(1) });
    const link = new FakeLink();
    node.connect(link, node.id);
    link.arrive({ type: 'accept' }, credit(7, 9));
    const sent = [1, 2].map(() => {
      const message = new Uint8Array(1000);
      channel.send({ broadcast: true, message }).subscribe();
      return new WeakRef(message);
    });
    node.turn();
    await collectGarbage();
    expect(sent.map((message) => message.deref())).toEqual([undefined, undefined]);
  });
});
