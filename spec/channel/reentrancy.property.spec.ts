import { describe, expect, it } from '@jest/globals';
import { repeat, take } from 'rxjs';
import type { Channel, ChannelOptions } from '../../lib/channel/channel.ts';
import { block } from '../../lib/flow/strategy.ts';
import { credit, data, type FakeLink } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode, NodePair, open } from '../support/linked-node.ts';
import { size } from '../support/runs.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** A pair with the channel open on both nodes. */
function pairWith(options: Partial<ChannelOptions<Uint8Array>> = {}) {
  const pair = new NodePair();
  const [a, b] = [open(pair.a, options), open(pair.b, options)];
  pair.settle();
  const toA = (message: Uint8Array): void => b.out.next({ to: pair.a.id, message });
  const toB = (message: Uint8Array): void => a.out.next({ to: pair.b.id, message });
  return { pair, a, b, toA, toB };
}

describe('from within `next` of in$', () => {
  it('a consumer may send: an echo of many messages needs no deep stack', () => {
    const { pair, a, b, toA, toB } = pairWith({ inbound: block(4) });
    const many = size(30_000, 10_000);
    let echoes = 0;
    b.in$.subscribe(({ message }) => toA(message));
    a.in$.subscribe(({ message }) => {
      echoes += 1;
      if (echoes < many) toB(message);
    });
    toB(bytes(1));
    pair.settle();
    expect(echoes).toBe(many);
    expect(pair.a.takeDrops()).toEqual([]);
    expectIdle(pair.clock.scheduler);
  });

  it('a consumer may let other messages arrive: they follow its own, in order', () => {
    const node = new LinkedNode();
    const [one, two] = [node.peer(1).link, node.peer(2).link];
    const values: unknown[] = [];
    open(node).in$.subscribe(({ message }) => {
      const [value] = message;
      values.push(`begin ${value ?? ''}`);
      if (value === 1) {
        two.arrive(data(7, [2]), data(7, [3]));
        one.arrive(data(7, [4]));
      }
      values.push(`end ${value ?? ''}`);
    });
    one.arrive(data(7, [1]));
    expect(values).toEqual([1, 2, 4, 3].flatMap((value) => [`begin ${value}`, `end ${value}`]));
  });

  it('a consumer may unsubscribe: the rest waits', () => {
    const { pair, b, toB } = pairWith();
    for (const value of [1, 2, 3]) toB(bytes(value));
    const values: unknown[] = [];
    const subscription = b.in$.subscribe(({ message }) => {
      values.push(message[0]);
      if (values.length === 2) subscription.unsubscribe();
    });
    pair.settle();
    expect(values).toEqual([1, 2]);
    b.in$.subscribe(({ message }) => values.push(message[0]));
    expect(values).toEqual([1, 2, 3]);
  });

  it('a consumer may resubscribe for each message', () => {
    const { pair, b, toB } = pairWith();
    for (let value = 0; value < 50; value += 1) toB(bytes(value));
    const values: unknown[] = [];
    b.in$.pipe(take(1), repeat(50)).subscribe(({ message }) => values.push(message[0]));
    pair.settle();
    expect(values).toEqual(Array.from({ length: 50 }, (_, value) => value));
  });

  it('a consumer may close the channel: the rest of the record is dropped and reported', () => {
    const { pair, b, toB } = pairWith();
    const values: unknown[] = [];
    b.in$.subscribe({
      next: ({ message }) => {
        values.push(message[0]);
        b.close();
      },
      complete: () => values.push('end'),
    });
    for (const value of [1, 2, 3]) toB(bytes(value));
    pair.settle();
    expect(values).toEqual([1, 'end']);
    expect(pair.b.takeDrops()).toEqual(['in 7 channel-closed 2']);
  });

  it('a consumer may close the channel while older messages are delivered', () => {
    const { pair, b, toB } = pairWith();
    for (const value of [1, 2, 3]) toB(bytes(value));
    pair.settle();
    const values: unknown[] = [];
    b.in$.subscribe(({ message }) => {
      values.push(message[0]);
      b.close();
    });
    expect(values).toEqual([1]);
    expect(pair.b.takeDrops()).toEqual(['in 7 channel-closed 2']);
  });

  it('a consumer may close and reopen the channel: the new one gets the rest', () => {
    const { pair, b, toB } = pairWith();
    const values: string[] = [];
    const listen = (channel: Channel<Uint8Array>, name: string, then?: () => void): void => {
      channel.in$.subscribe(({ message }) => {
        values.push(`${name} ${message[0] ?? ''}`);
        then?.();
      });
    };
    listen(b, 'old', () => {
      b.close();
      listen(open(pair.b), 'new');
    });
    for (const value of [1, 2, 3]) toB(bytes(value));
    pair.settle();
    toB(bytes(4));
    pair.settle();
    expect(values).toEqual(['old 1', 'new 2', 'new 3', 'new 4']);
    expect(pair.b.takeDrops()).toEqual([]);
  });

  it('a consumer may readmit the peer that has just left: its messages are counted', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const session = node.channels.offer(node.peer(2).link, idOf(1));
    for (const value of [1, 2]) session.data(7, bytes(value), true);
    const links: FakeLink[] = [];
    const subscription = channel.in$.subscribe(() => {
      if (links.length === 0) links.push(node.peer(1).link);
    });
    session.ended();
    subscription.unsubscribe();
    for (const link of links) link.arrive(data(7, [3]));
    channel.close();
    expect(node.takeDrops()).toEqual(['in 7 channel-closed 1']);
  });

  it('a consumer may end the connection: what has arrived is delivered', () => {
    const { pair, b, toB } = pairWith();
    const values: unknown[] = [];
    b.in$.subscribe(({ message }) => {
      values.push(message[0]);
      if (values.length === 1) pair.sessions.b.close('done');
    });
    for (const value of [1, 2]) toB(bytes(value));
    pair.settle();
    expect(values).toEqual([1]);
    expect(pair.sessions.b.over && pair.sessions.a.over).toBe(true);
    expectIdle(pair.clock.scheduler);
  });
});

describe('from within the end of a send', () => {
  it('that failed because the channel closed, the channel may be reopened, on every peer', () => {
    const node = new LinkedNode();
    const peers = [1, 2, 3].map((peer) => node.peer(peer, { 7: 0 }));
    const first = open(node, { outbound: block(1) });
    first.out.next({ broadcast: true, message: bytes(1) });
    let second: Channel<Uint8Array> | undefined;
    first.send({ broadcast: true, message: bytes(2) }).subscribe({
      error: () => {
        second = open(node, { outbound: block(4) });
        second.out.next({ broadcast: true, message: bytes(3) });
      },
    });
    first.close();
    expect(node.channels.ids).toEqual([7]);
    expect(node.takeDrops().sort()).toEqual([1, 2, 3].map(() => 'out 7 channel-closed 2'));
    second?.out.next({ broadcast: true, message: bytes(4) });
    for (const { link, session } of peers) {
      link.arrive(credit(7, 9));
      link.arrive({ type: 'data', channel: 7, bytes: bytes(5), last: true });
      expect(session.snapshot()).toMatchObject([{ channel: 7, inbound: { granted: 63 } }]);
    }
    node.turn();
    const written = peers.map(({ link }) => link.take().filter((text) => text.startsWith('data')));
    expect(written.map((texts) => texts.at(-1))).toEqual(peers.map(() => 'data 7 04 last'));
    const values: unknown[] = [];
    second?.in$.subscribe(({ message }) => values.push(message[0]));
    expect(values).toEqual([5, 5, 5]);
  });

  it('that was accepted while the channel closes, the channel may be reopened', () => {
    const node = new LinkedNode();
    const first = open(node, { outbound: block(1) });
    const { link, session } = node.peer(1, { 7: 1 });
    first.out.next({ broadcast: true, message: bytes(1) });
    const sent = first.send({ broadcast: true, message: bytes(2) });
    let second: Channel<Uint8Array> | undefined;
    sent.subscribe({ complete: () => (second = open(node)) });
    // Closing writes what has credit, which makes room for the waiting message.
    first.close();
    node.turn();
    expect(second).toBeDefined();
    expect(session.snapshot()).toHaveLength(1);
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 1']);
    expect(link.take()).toEqual(['data 7 01 last', 'closed 7', 'credit 7 0 0']);
  });

  it('the connection may be ended: nothing more is written, and everything is reported', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link, session } = node.peer(1, { 7: 9 });
    channel.out.next({ broadcast: true, message: bytes(1) });
    channel.send({ broadcast: true, message: bytes(2) }).subscribe(() => session.close('done'));
    node.turn();
    expect(link.take()).toEqual(['data 7 01 last', 'bye done']);
    expect(node.takeDrops()).toEqual(['out 7 peer-down 1']);
    expect(session.snapshot()).toEqual([]);
    expectIdle(node.clock.scheduler);
  });

  it('another waiting send may be unsubscribed', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link } = node.peer(1, { 7: 9 });
    channel.out.next({ broadcast: true, message: bytes(1) });
    const first = channel.send({ broadcast: true, message: bytes(2) });
    const second = channel.send({ broadcast: true, message: bytes(3) });
    first.subscribe(() => other.unsubscribe());
    const other = second.subscribe();
    channel.send({ broadcast: true, message: bytes(4) }).subscribe();
    node.turn();
    expect(link.take()).toEqual(['data 7 01 last', 'data 7 02 last', 'data 7 04 last']);
  });
});
