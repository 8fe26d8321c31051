import { describe, expect, it } from '@jest/globals';
import { json, raw } from '../../lib/codec/index.ts';
import type { SendReport } from '../../lib/channel/channel.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { simulate } from '../../lib/testing/index.ts';
import { pipeTo } from '../../operators/index.ts';
import { credit, FakeLink } from '../support/fake-link.ts';
import { idOf, LinkedNode, NodePair, open } from '../support/linked-node.ts';

const short = new Uint8Array(1_000);
const long = new Uint8Array(1_001);

const isData = (written: string): boolean => written.startsWith('data');

/** A node with channel 7, and the error or report of a send. */
function sending(messageBytesMax = 4 * 1024 * 1024) {
  const node = new LinkedNode();
  const channel = node.channels.open({ id: 7, codec: raw(), messageBytesMax });
  const send = (peer: number, message: Uint8Array): SendReport | RxmeshError | undefined => {
    let result: SendReport | RxmeshError | undefined;
    channel.send({ to: idOf(peer), message }).subscribe({
      next: (report) => (result = report),
      error: (error: unknown) => (result = error instanceof RxmeshError ? error : undefined),
    });
    return result;
  };
  return { node, channel, send };
}

describe('L-38 a peer that accepts shorter messages', () => {
  it('announces it before its first credit, and only if its limit is below the default', () => {
    const node = new LinkedNode();
    node.channels.open({ id: 7, codec: raw(), messageBytesMax: 1_000 });
    node.channels.open({ id: 8, codec: raw() });
    const link = new FakeLink();
    node.connect(link, idOf(1));
    const written = link.take().filter((text) => /^(limit|credit)/.test(text));
    expect(written).toEqual([
      'limit 7 1000',
      expect.stringMatching(/^credit 7 /),
      expect.stringMatching(/^credit 8 /),
    ]);
  });

  it('is sent no longer ones: the send fails here and names the peer', () => {
    const { node, send } = sending();
    const { link } = node.peer(1);
    link.arrive({ type: 'limit', channel: 7, bytes: 1_000 }, credit(7, 9));
    expect(send(1, short)).toEqual({ accepted: 1, dropped: 0 });
    expect(send(1, long)).toMatchObject({
      code: 'RXMESH_MESSAGE_TOO_LARGE',
      peer: idOf(1),
      channel: 7,
    });
    node.turn();
    expect(node.takeDrops()).toEqual(['out 7 too-large 1']);
    expect(link.take().filter(isData)).toHaveLength(1);
  });

  it('misses a broadcast that others get, and its sender is told', () => {
    const { node, channel } = sending();
    const [one, two] = [node.peer(1).link, node.peer(2).link];
    one.arrive({ type: 'limit', channel: 7, bytes: 1_000 }, credit(7, 9));
    two.arrive(credit(7, 9));
    const reports: SendReport[] = [];
    const lost: unknown[] = [];
    channel.undelivered$.subscribe((undelivered) => lost.push(undelivered));
    channel.send({ broadcast: true, message: long }).subscribe((report) => reports.push(report));
    expect(reports).toEqual([{ accepted: 1, dropped: 1 }]);
    expect(lost).toEqual([{ to: idOf(1), message: long, reason: 'too-large' }]);
    node.turn();
    expect(node.takeDrops()).toEqual(['out 7 too-large 1']);
    expect(two.take().some(isData)).toBe(true);
  });

  it('announces it again when it reopens the channel', () => {
    const { node, send } = sending();
    const { link } = node.peer(1);
    link.arrive({ type: 'limit', channel: 7, bytes: 1_000 }, credit(7, 9));
    link.arrive({ type: 'closed', channel: 7 }, credit(7, 0));
    expect(send(1, long)).toEqual({ accepted: 1, dropped: 0 });
  });

  it.each([1_000, 8 * 1024 * 1024])(
    'is taken at its word of now, when it reopens a channel of %d bytes in one turn',
    (messageBytesMax) => {
      const pair = new NodePair();
      const channel = open(pair.a, { messageBytesMax: 8 * 1024 * 1024 });
      const first = open(pair.b, { messageBytesMax });
      pair.settle();
      first.close();
      const lengths: number[] = [];
      open(pair.b).in$.subscribe(({ message }) => lengths.push(message.length));
      pair.settle();
      for (const length of [2_000, 4 * 1024 * 1024 + 1]) {
        channel.out.next({ to: pair.b.id, message: new Uint8Array(length) });
      }
      pair.settle();
      expect([lengths, pair.a.takeDrops()]).toEqual([[2_000], ['out 7 too-large 1']]);
      expect([pair.b.takeDrops(), pair.b.reports]).toEqual([[], []]);
    },
  );

  it('announces it again after a goodbye that was called off', () => {
    const pair = new NodePair();
    const channel = open(pair.a, { messageBytesMax: 8 * 1024 * 1024 });
    const there = open(pair.b, { messageBytesMax: 8 * 1024 * 1024 });
    const lengths: number[] = [];
    there.in$.subscribe(({ message }) => lengths.push(message.length));
    pair.settle();
    // Something waits, so the goodbye is not over at once.
    there.out.next({ to: pair.a.id, message: short });
    const leaving = pair.b.switchboard.goodbye(10_000).subscribe();
    pair.settle();
    leaving.unsubscribe();
    pair.settle();
    const length = 4 * 1024 * 1024 + 1;
    channel.out.next({ to: pair.b.id, message: new Uint8Array(length) });
    pair.settle();
    expect([lengths, pair.a.takeDrops()]).toEqual([[length], []]);
  });

  it('may accept longer ones than the default, as far as this node sends them', () => {
    const { node, send } = sending(8 * 1024 * 1024);
    const [one, two] = [node.peer(1).link, node.peer(2).link];
    one.arrive({ type: 'limit', channel: 7, bytes: 8 * 1024 * 1024 }, credit(7, 9));
    two.arrive(credit(7, 9));
    const message = new Uint8Array(4 * 1024 * 1024 + 1);
    expect(send(1, message)).toEqual({ accepted: 1, dropped: 0 });
    expect(send(2, message)).toMatchObject({ code: 'RXMESH_MESSAGE_TOO_LARGE', peer: idOf(2) });
  });

  it('makes the sender report what it kept, if it returns with a smaller limit', () => {
    const { node, channel } = sending();
    const lost: unknown[] = [];
    channel.undelivered$.subscribe((undelivered) => lost.push(undelivered));
    const first = node.peer(1);
    first.link.arrive(credit(7, 0));
    pipeTo(channel)([long, short].map((message) => ({ to: idOf(1), message }))).subscribe();
    first.link.end();
    const { link } = node.peer(1);
    link.arrive({ type: 'limit', channel: 7, bytes: 1_000 }, credit(7, 9));
    node.turn();
    expect(lost).toEqual([{ to: idOf(1), message: long, reason: 'too-large' }]);
    expect(link.take().filter(isData)).toHaveLength(1);
    expect(node.takeDrops()).toEqual(['out 7 too-large 1']);
  });

  it('costs its receiver nothing: between two routers, the sender gets the error', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const [here, there] = [net.node(0), net.node(1)];
    const channel = here.router.openChannel({ id: 1, codec: json<string>() });
    there.router.openChannel({ id: 1, codec: json<string>(), messageBytesMax: 10 });
    net.start();
    let error: unknown;
    channel
      .send({ to: there.id, message: 'more than ten bytes' })
      .subscribe({ error: (thrown: unknown) => (error = thrown) });
    net.advance(100);
    expect(error).toMatchObject({ code: 'RXMESH_MESSAGE_TOO_LARGE', peer: there.id });
    expect(there.router.snapshot().drops).toEqual([]);
    net.stop();
  });
});
