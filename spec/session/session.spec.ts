import { describe, expect, it } from '@jest/globals';
import { block, dropNewest, dropOldest, fail, latest } from '../../lib/flow/strategy.ts';
import { raw } from '../../lib/codec/raw.ts';
import type { Channel, ChannelOptions } from '../../lib/channel/channel.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { peerChannelsMax } from '../../lib/session/session.ts';
import { FakeLink, type FakePacket } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode } from '../support/linked-node.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const data = (channel: number, values: number[], last = true): FakePacket => ({
  type: 'data',
  channel,
  bytes: bytes(...values),
  last,
});
const credit = (channel: number, messages: number): FakePacket => ({
  type: 'credit',
  channel,
  messages,
});
const closed = (channel: number): FakePacket => ({ type: 'closed', channel });

function open(
  node: LinkedNode,
  options: Partial<ChannelOptions<Uint8Array>> = {},
): Channel<Uint8Array> {
  return node.channels.open({ id: 7, codec: raw(), ...options });
}

/** First byte of each message that arrives. */
function heard(channel: Channel<Uint8Array>): (number | undefined)[] {
  const values: (number | undefined)[] = [];
  channel.in$.subscribe(({ message }) => values.push(message[0]));
  return values;
}

describe('the beginning of a session', () => {
  it('announces the open channels with their credit, then accepts', () => {
    const node = new LinkedNode();
    open(node, { id: 7, inbound: block(4) });
    open(node, { id: 300 });
    open(node, { id: 0, inbound: latest() });
    const link = new FakeLink();
    node.connect(link, idOf(1));
    expect(link.take()).toEqual(['credit 7 4', 'credit 300 64', 'credit 0 1', 'accept']);
    expectIdle(node.clock.scheduler);
  });

  it('accepts also on a link that is not writable yet, and announces when it is', () => {
    const node = new LinkedNode();
    open(node);
    const link = new FakeLink();
    link.writable = false;
    node.connect(link, idOf(1));
    expect(link.take()).toEqual(['accept']);
    link.writable = true;
    expect(link.take()).toEqual(['credit 7 64']);
  });

  it('keeps messages that are early for the consumers, until the peer is up', () => {
    const node = new LinkedNode();
    const values = heard(open(node));
    const session = node.channels.offer(new FakeLink(), idOf(1));
    session.accepted();
    session.data(7, bytes(1), true);
    session.data(7, bytes(2), true);
    expect(values).toEqual([]);
    session.goLive();
    session.data(7, bytes(3), true);
    expect(values).toEqual([1, 2, 3]);
  });

  it('tells what the peer opens and closes from then on, and has the rest in `peerChannels`', () => {
    const node = new LinkedNode();
    const session = node.channels.offer(new FakeLink(), idOf(1));
    session.credit(9, 1);
    session.credit(7, 0);
    session.accepted();
    session.credit(5, 1);
    expect(session.peerChannels).toEqual([5, 7, 9]);
    expect(node.events).toEqual([]);
    session.goLive();
    session.credit(9, 1);
    session.credit(6, 0);
    session.channelClosed(7);
    session.channelClosed(7);
    session.channelClosed(1000);
    const event = { type: 'peer-channel', peer: idOf(1) };
    expect(node.events).toEqual([
      { ...event, channel: 6, open: true },
      { ...event, channel: 7, open: false },
    ]);
    expect(session.peerChannels).toEqual([5, 6, 9]);
  });

  it('ends at once on a link that has ended already', () => {
    const node = new LinkedNode();
    open(node);
    const link = new FakeLink();
    link.attach = (receiver) => receiver.ended(new RxmeshError('RXMESH_CONNECTION_CLOSED', 'gone'));
    const session = node.connect(link, idOf(1));
    const codes: unknown[] = [];
    session.ended$.subscribe({
      next: (error) => codes.push(error?.code),
      complete: () => codes.push('end'),
    });
    session.accepted$.subscribe({
      next: () => codes.push('accepted'),
      complete: () => codes.push('end'),
    });
    expect(codes).toEqual(['RXMESH_CONNECTION_CLOSED', 'end', 'end']);
    expect(link.take()).toEqual([]);
    expectIdle(node.clock.scheduler);
  });
});

describe('credit that a session gives', () => {
  it('comes back by quarters of the lane as messages are consumed', () => {
    const node = new LinkedNode();
    heard(open(node, { inbound: block(8) }));
    const { link, session } = node.peer(1);
    const granted: string[] = [];
    for (let count = 1; count <= 6; count += 1) {
      link.arrive(data(7, [count]));
      node.turn();
      granted.push(...link.take().map((text) => `${count}: ${text}`));
    }
    expect(granted).toEqual(['2: credit 7 2', '4: credit 7 2', '6: credit 7 2']);
    expect(session.snapshot()[0]?.inbound).toEqual({ depth: 0, capacity: 8, granted: 8 });
  });

  it('does not come back while nobody consumes a `block` lane, and does when somebody does', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(4) });
    const { link, session } = node.peer(1);
    for (const value of [1, 2, 3, 4]) link.arrive(data(7, [value]));
    node.turn();
    expect(link.take()).toEqual([]);
    expect(session.snapshot()[0]?.inbound).toEqual({ depth: 4, capacity: 4, granted: 0 });
    expect(heard(channel)).toEqual([1, 2, 3, 4]);
    node.turn();
    expect(link.take()).toEqual(['credit 7 4']);
  });

  it.each([
    ['dropOldest', dropOldest(2), [4, 5]],
    ['dropNewest', dropNewest(2), [1, 2]],
    ['latest', latest(), [5]],
  ])('comes back at once for a `%s` lane, which decides what stays', (_, inbound, kept) => {
    const node = new LinkedNode();
    const channel = open(node, { inbound });
    const { link, session } = node.peer(1);
    for (const value of [1, 2, 3, 4, 5]) {
      link.arrive(data(7, [value]));
      node.turn();
      expect(link.take()).toEqual(['credit 7 1']);
    }
    expect(session.snapshot()[0]?.inbound.granted).toBe(inbound.capacity);
    const drops = Array.from({ length: 5 - kept.length }, () => 'in 7 lane-full 1');
    expect(node.takeDrops()).toEqual(drops);
    expect(heard(channel)).toEqual(kept);
  });

  it('comes back for a message that cannot be decoded', () => {
    const node = new LinkedNode();
    const codec = {
      ...raw(),
      decode: () => {
        throw new RxmeshError('RXMESH_DECODE_FAILED', 'not one of ours');
      },
    };
    heard(open(node, { codec, inbound: block(1) }));
    const { link } = node.peer(1);
    link.arrive(data(7, [1]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 1']);
    expect(node.takeDrops()).toEqual(['in 7 decode-failed 1']);
  });

  it('comes back for a message that is too large, once, and the next one arrives', () => {
    const node = new LinkedNode();
    const values = heard(open(node, { inbound: block(1), messageBytesMax: 2 }));
    const { link } = node.peer(1);
    link.arrive(data(7, [1, 2], false), data(7, [3], false));
    node.turn();
    expect(link.take()).toEqual(['credit 7 1']);
    expect(node.events.at(-1)).toMatchObject({
      reason: 'too-large',
      direction: 'inbound',
      error: { code: 'RXMESH_MESSAGE_TOO_LARGE', peer: idOf(1), channel: 7 },
    });
    link.arrive(data(7, [4], false), data(7, [5]), data(7, [6, 7]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 1']);
    link.arrive(data(7, [1, 2, 3]));
    expect(node.takeDrops()).toEqual(['in 7 too-large 1', 'in 7 too-large 1']);
    expect(values).toEqual([6]);
  });

  it('is not given back for a channel that was closed from within the event of the drop', () => {
    const node = new LinkedNode();
    const channel = open(node, { messageBytesMax: 1 });
    const { link, session } = node.peer(1);
    node.events.push = (...events) => {
      channel.close();
      return events.length;
    };
    link.arrive(data(7, [1, 2]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 1', 'closed 7']);
    open(node);
    expect(link.take()).toEqual(['credit 7 0']);
    expect(session.snapshot()[0]?.inbound.granted).toBe(64);
  });
});

describe('a peer that breaks the protocol', () => {
  it.each<[string, string, (node: LinkedNode) => FakePacket[]]>([
    ['a message on a channel that was never open', 'RXMESH_CREDIT_EXCEEDED', () => [data(8, [1])]],
    [
      'one message more than it has credit for',
      'RXMESH_CREDIT_EXCEEDED',
      () => [data(7, [1]), data(7, [2]), data(7, [3])],
    ],
    [
      'a piece of a message that it has no credit for',
      'RXMESH_CREDIT_EXCEEDED',
      () => [data(7, [1]), data(7, [2]), data(7, [3], false)],
    ],
    [
      'credit beyond measure',
      'RXMESH_PROTOCOL_VIOLATION',
      () => [credit(7, Number.MAX_SAFE_INTEGER), credit(7, Number.MAX_SAFE_INTEGER)],
    ],
    [
      'more channels that are not open here than it may',
      'RXMESH_PROTOCOL_VIOLATION',
      () => Array.from({ length: peerChannelsMax + 1 }, (_, at) => credit(at + 100, 0)),
    ],
  ])('sends %s: it is disconnected with %s', (_, code, packets) => {
    const node = new LinkedNode();
    open(node, { inbound: block(2) });
    const { link, session } = node.peer(1);
    const ends: unknown[] = [];
    session.ended$.subscribe((error) => ends.push(error));
    link.arrive(...packets(node));
    expect(link.closedFor).toBe('violation');
    expect(ends).toEqual([expect.objectContaining({ code, peer: idOf(1) })]);
    expect(session.over).toBe(true);
    expectIdle(node.clock.scheduler);
  });

  it('is not disconnected for as many channels as it may open, nor for those that we open too', () => {
    const node = new LinkedNode();
    const { link } = node.peer(1);
    for (let at = 0; at < peerChannelsMax; at += 1) link.arrive(credit(at + 100, 1));
    for (let at = 0; at < 5; at += 1) open(node, { id: 100 + at }).close();
    for (let at = 0; at < 5; at += 1) link.arrive(credit(60_000 + at, 1));
    expect(link.ended).toBe(false);
    link.arrive(credit(65_000, 1));
    expect(link.closedFor).toBe('violation');
  });

  it('overflows a `fail` lane: it is disconnected, and the lost message is told', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: fail(2) });
    const { link, session } = node.peer(1);
    const codes: unknown[] = [];
    session.ended$.subscribe((error) => codes.push(error?.code));
    link.arrive(data(7, [1]), data(7, [2]), data(7, [3]), data(7, [4]));
    expect(codes).toEqual(['RXMESH_OVERFLOW']);
    expect(node.takeDrops()).toEqual(['in 7 lane-full 1']);
    expect(heard(channel)).toEqual([1, 2]);
  });

  it('does nothing any more once the link has ended', () => {
    const node = new LinkedNode();
    open(node);
    const { link, session } = node.peer(1, { 7: 1 });
    link.end();
    session.credit(9, 1);
    session.data(7, bytes(1), true);
    session.channelClosed(7);
    session.ping();
    session.pong();
    session.drained();
    session.recordEnd();
    session.accepted();
    session.ended(new RxmeshError('RXMESH_CONNECTION_FAILED', 'twice'));
    session.close('done');
    node.turn();
    expect(session.peerChannels).toEqual([]);
    expect(session.snapshot()).toEqual([]);
    expect(link.take()).toEqual([]);
    expectIdle(node.clock.scheduler);
  });
});

describe('a channel that is closed and opened while peers are connected', () => {
  it('is announced, closed and announced again with the credit that is missing', () => {
    const node = new LinkedNode();
    const { link, session } = node.peer(1);
    const first = open(node, { inbound: block(8) });
    expect(link.take()).toEqual(['credit 7 8']);
    heard(first);
    link.arrive(data(7, [1]), data(7, [2]), data(7, [3]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 2']);
    first.close();
    node.turn();
    expect(link.take()).toEqual(['closed 7']);
    open(node, { inbound: block(8) });
    expect(link.take()).toEqual(['credit 7 1']);
    expect(session.snapshot()[0]?.inbound.granted).toBe(8);
  });

  it('is announced with no credit when the peer has enough', () => {
    const node = new LinkedNode();
    const { link } = node.peer(1);
    open(node).close();
    node.turn();
    expect(link.take()).toEqual(['credit 7 64', 'closed 7']);
    open(node);
    expect(link.take()).toEqual(['credit 7 0']);
  });

  it('takes back credit that was not sent yet', () => {
    const node = new LinkedNode();
    const first = open(node, { inbound: block(4) });
    heard(first);
    const { link } = node.peer(1);
    link.writable = false;
    link.arrive(data(7, [1]), data(7, [2]));
    first.close();
    node.turn();
    link.writable = true;
    expect(link.take()).toEqual(['closed 7']);
    open(node, { inbound: block(4) });
    expect(link.take()).toEqual(['credit 7 2']);
  });

  it('drops what arrives meanwhile, tells it, and counts its credit', () => {
    const node = new LinkedNode();
    const first = open(node, { inbound: block(4) });
    const { link, session } = node.peer(1);
    first.close();
    link.arrive(data(7, [1]), data(7, [], true), data(7, [2], false), data(7, [3]));
    expect(node.takeDrops()).toEqual([
      'in 7 channel-closed 1',
      'in 7 channel-closed 1',
      'in 7 channel-closed 1',
    ]);
    node.turn();
    link.take();
    open(node, { inbound: block(4) });
    expect(link.take()).toEqual(['credit 7 3']);
    expect(session.snapshot()[0]?.inbound.granted).toBe(4);
  });

  it('tells of a message that was half there, and does not give its rest to the next channel', () => {
    const node = new LinkedNode();
    const first = open(node);
    const { link } = node.peer(1);
    link.arrive(data(7, [1], false));
    first.close();
    expect(node.takeDrops()).toEqual(['in 7 channel-closed 1']);
    const values = heard(open(node));
    link.arrive(data(7, [2], false), data(7, [3]), data(7, [4]));
    expect(values).toEqual([4]);
    expect(node.takeDrops()).toEqual([]);
  });

  it('takes all that the peer has credit for when it comes back with a smaller lane', () => {
    const node = new LinkedNode();
    const { link, session } = node.peer(1);
    open(node, { inbound: block(8) }).close();
    const channel = open(node, { inbound: block(2) });
    link.take();
    for (let value = 1; value <= 8; value += 1) link.arrive(data(7, [value]));
    expect(link.ended).toBe(false);
    expect(session.snapshot()[0]?.inbound).toEqual({ depth: 8, capacity: 8, granted: 0 });
    expect(heard(channel)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    node.turn();
    // From now on it has the credit of the smaller lane.
    expect(link.take()).toEqual(['credit 7 2']);
    expect(session.snapshot()[0]?.inbound.granted).toBe(2);
  });

  it('finishes the message that it has begun to write, and drops the rest', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 9 }, { recordBytesMax: 107, fragmentBytesMax: 100 });
    link.onFlush = () => (link.writable = false);
    for (const value of [1, 2, 3])
      channel.out.next({ to: idOf(1), message: bytes(...Array<number>(150).fill(value)) });
    node.turn();
    channel.close();
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 2']);
    link.onFlush = undefined;
    link.writable = true;
    expect(link.take()).toEqual([
      `data 7 ${'01'.repeat(100)}`,
      'closed 7',
      `data 7 ${'01'.repeat(50)} last`,
    ]);
  });

  it('writes what can be written at once before it closes', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 2 });
    for (const value of [1, 2, 3]) channel.out.next({ to: idOf(1), message: bytes(value) });
    channel.close();
    node.turn();
    expect(link.take()).toEqual(['data 7 01 last', 'data 7 02 last', 'closed 7']);
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 1']);
  });

  it('of the peer: what waits for it is dropped, and credit from before still counts', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 2 });
    link.writable = false;
    for (const value of [1, 2, 3]) channel.out.next({ to: idOf(1), message: bytes(value) });
    link.arrive(closed(7));
    channel.out.next({ to: idOf(1), message: bytes(4) });
    expect(node.takeDrops()).toEqual(['out 7 channel-not-open 3', 'out 7 channel-not-open 1']);
    link.arrive(credit(7, 0));
    for (const value of [5, 6, 7]) channel.out.next({ to: idOf(1), message: bytes(value) });
    link.writable = true;
    node.turn();
    expect(link.take()).toEqual(['data 7 05 last', 'data 7 06 last']);
  });
});

describe('the end of a session', () => {
  it('drops what waits, with what is half written, and tells it once for each channel', () => {
    const node = new LinkedNode();
    const [seven, eight] = [open(node), open(node, { id: 8 })];
    const { link } = node.peer(1, { 7: 9, 8: 0 }, { recordBytesMax: 107, fragmentBytesMax: 100 });
    link.onFlush = () => (link.writable = false);
    seven.out.next({ to: idOf(1), message: new Uint8Array(300) });
    seven.out.next({ to: idOf(1), message: new Uint8Array(1) });
    eight.out.next({ to: idOf(1), message: new Uint8Array(1) });
    node.turn();
    link.end(new RxmeshError('RXMESH_CONNECTION_FAILED', 'cut'));
    expect(node.takeDrops()).toEqual(['out 7 peer-down 2', 'out 8 peer-down 1']);
    expect([...node.channels.sessions()]).toEqual([]);
    expectIdle(node.clock.scheduler);
  });

  it('delivers what has arrived, and gives credit for it to the next connection', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(4) });
    const first = node.peer(1);
    first.link.arrive(data(7, [1]), data(7, [2]), data(7, [3]));
    first.link.end();
    const { link, session } = node.peer(1);
    expect(session.snapshot()[0]?.inbound).toEqual({ depth: 3, capacity: 4, granted: 1 });
    link.arrive(data(7, [4]));
    expect(heard(channel)).toEqual([1, 2, 3, 4]);
    node.turn();
    expect(link.take()).toEqual(['credit 7 4']);
  });

  it('says bye after what can be written at once', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link, session } = node.peer(1, { 7: 1 });
    const ends: unknown[] = [];
    session.ended$.subscribe((error) => ends.push(error));
    channel.out.next({ to: idOf(1), message: bytes(1) });
    session.close('done');
    session.close('done');
    expect(link.take()).toEqual(['data 7 01 last', 'bye done']);
    expect(ends).toEqual([undefined]);
  });

  it('leaves the other link of a simultaneous connect whole', () => {
    const node = new LinkedNode();
    const values = heard(open(node, { inbound: block(4) }));
    const [kept, other] = [new FakeLink(), new FakeLink()];
    const session = node.connect(kept, idOf(1));
    const loser = node.channels.offer(other, idOf(1));
    kept.arrive({ type: 'accept' });
    loser.close('duplicate');
    node.turn();
    kept.take();
    for (let value = 1; value <= 6; value += 1) {
      kept.arrive(data(7, [value]));
      node.turn();
    }
    expect(values).toEqual([1, 2, 3, 4, 5, 6]);
    expect(kept.take()).toEqual(Array.from({ length: 6 }, () => 'credit 7 1'));
    expect(session.snapshot()[0]?.inbound).toEqual({ depth: 0, capacity: 4, granted: 4 });
  });
});
