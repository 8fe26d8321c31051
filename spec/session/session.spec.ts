import { describe, expect, it } from '@jest/globals';
import { block, fail, latest } from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { peerChannelsMax } from '../../lib/session/ports.ts';
import { credit, data, FakeLink, type FakePacket } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { heard, idOf, LinkedNode, open } from '../support/linked-node.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('the start of a session', () => {
  it('announces the open channels with their credit, then accepts', () => {
    const node = new LinkedNode();
    open(node, { id: 7, inbound: block(4, { bytes: 100 }) });
    open(node, { id: 300 });
    open(node, { id: 0, inbound: latest() });
    const link = new FakeLink();
    node.connect(link, idOf(1));
    expect(link.take()).toEqual([
      'ping',
      'credit 7 4 100',
      'credit 300 64 4194304',
      'credit 0 64 4194304',
      'accept',
    ]);
    expectIdle(node.clock.scheduler);
  });

  it('lists its channels in the order of opening, however far apart their ids are', () => {
    const node = new LinkedNode();
    for (const id of [65_535, 7, 300]) open(node, { id });
    const session = node.channels.offer(new FakeLink(), idOf(1));
    session.credit(40_000, 1, 1);
    open(node, { id: 0 });
    for (const id of [300, 65_535]) session.credit(id, 1, 1);
    expect(session.snapshot().map(({ channel }) => channel)).toEqual([65_535, 7, 300, 0]);
    expect(session.channels).toEqual([300, 40_000, 65_535]);
  });

  it('accepts even on a link that is not writable yet, and announces once it is', () => {
    const node = new LinkedNode();
    open(node);
    const link = new FakeLink();
    link.writable = false;
    node.connect(link, idOf(1));
    expect(link.take()).toEqual(['accept']);
    link.writable = true;
    expect(link.take()).toEqual(['ping', 'credit 7 64 4194304']);
  });

  it('keeps early messages for the consumers until the peer is up', () => {
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

  it('reports what the peer opens and closes from then on; earlier channels are in `channels`', () => {
    const node = new LinkedNode();
    const session = node.channels.offer(new FakeLink(), idOf(1));
    session.credit(9, 1, 1000);
    session.credit(7, 0, 1000);
    session.accepted();
    session.credit(5, 1, 1000);
    expect(session.channels).toEqual([5, 7, 9]);
    expect(node.events).toEqual([]);
    session.goLive();
    session.credit(9, 1, 1000);
    session.credit(6, 0, 1000);
    session.channelClosed(7);
    session.channelClosed(7);
    session.channelClosed(1000);
    const event = { type: 'peer-channel', peer: idOf(1) };
    expect(node.events).toEqual([
      { ...event, channel: 6, open: true },
      { ...event, channel: 7, open: false },
    ]);
    expect(session.channels).toEqual([5, 6, 9]);
  });

  it('ends immediately on a link that has already ended', () => {
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

describe('a peer that violates the protocol', () => {
  it.each<[string, string, (node: LinkedNode) => FakePacket[]]>([
    [
      'a message on a channel that was never opened',
      'RXMESH_CREDIT_EXCEEDED',
      () => [data(9, [1])],
    ],
    [
      'one more message than it has credit for',
      'RXMESH_CREDIT_EXCEEDED',
      () => [data(7, [1]), data(7, [2]), data(7, [3])],
    ],
    [
      'a piece of a message without credit for it',
      'RXMESH_CREDIT_EXCEEDED',
      () => [data(7, [1]), data(7, [2]), data(7, [3], false)],
    ],
    [
      'more credit than is valid',
      'RXMESH_PROTOCOL_VIOLATION',
      () => [credit(7, Number.MAX_SAFE_INTEGER), credit(7, Number.MAX_SAFE_INTEGER)],
    ],
    [
      'more credit for bytes than is valid',
      'RXMESH_PROTOCOL_VIOLATION',
      () => [credit(7, 1, Number.MAX_SAFE_INTEGER), credit(7, 1, Number.MAX_SAFE_INTEGER)],
    ],
    [
      'a message without a byte of credit left',
      'RXMESH_CREDIT_EXCEEDED',
      () => [data(8, Array<number>(10).fill(1)), data(8, [])],
    ],
    [
      'a piece of a message with negative byte credit',
      'RXMESH_CREDIT_EXCEEDED',
      () => [data(8, Array<number>(9).fill(1), false), data(8, [1, 2]), data(8, [3], false)],
    ],
    [
      'more channels that are not open here than allowed',
      'RXMESH_PROTOCOL_VIOLATION',
      () => Array.from({ length: peerChannelsMax + 1 }, (_, at) => credit(at + 100, 0)),
    ],
  ])('sends %s: it is disconnected with %s', (_, code, packets) => {
    const node = new LinkedNode();
    open(node, { inbound: block(2) });
    open(node, { id: 8, inbound: block(9, { bytes: 10 }) });
    const { link, session } = node.peer(1);
    const ends: unknown[] = [];
    session.ended$.subscribe((error) => ends.push(error));
    link.arrive(...packets(node));
    expect(link.closedFor).toBe('violation');
    expect(ends).toEqual([expect.objectContaining({ code, peer: idOf(1) })]);
    expect(session.over).toBe(true);
    expectIdle(node.clock.scheduler);
  });

  it('is not disconnected for the most channels that it may open, plus those that we open too', () => {
    const node = new LinkedNode();
    const { link } = node.peer(1);
    for (let at = 0; at < peerChannelsMax; at += 1) link.arrive(credit(at + 100, 1));
    for (let at = 0; at < 5; at += 1) open(node, { id: 100 + at }).close();
    for (let at = 0; at < 5; at += 1) link.arrive(credit(60_000 + at, 1));
    expect(link.ended).toBe(false);
    link.arrive(credit(65_000, 1));
    expect(link.closedFor).toBe('violation');
  });

  it('sends an endless message: it is disconnected once that exceeds the limit of the wire', () => {
    const node = new LinkedNode();
    open(node, { messageBytesMax: 1, inbound: block(1, { bytes: 1 }) });
    const { link, session } = node.peer(1);
    const codes: unknown[] = [];
    session.ended$.subscribe((error) => codes.push(error?.code));
    const piece = new Uint8Array(2 ** 24);
    const more = (bytes: Uint8Array): void => session.data(7, bytes, false);
    for (let count = 0; count < 64; count += 1) more(piece);
    expect(session.snapshot()[0]?.inbound.grantedBytes).toBe(1 - 2 ** 30);
    expect(link.ended).toBe(false);
    more(piece.subarray(0, 1));
    expect([link.closedFor, codes]).toEqual(['violation', ['RXMESH_PROTOCOL_VIOLATION']]);
  });

  it('L-07 overflows a `fail` lane: it is disconnected, and everything lost is reported', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: fail(2) });
    const { link, session } = node.peer(1);
    const codes: unknown[] = [];
    session.ended$.subscribe((error) => codes.push(error?.code));
    link.arrive(data(7, [1]), data(7, [2]), data(7, [3]), data(7, [4]));
    expect(codes).toEqual(['RXMESH_OVERFLOW']);
    expect(node.takeDrops()).toEqual(['in 7 lane-full 2']);
    expect(heard(channel)).toEqual([1, 2]);
  });

  it('does nothing more once the link has ended', () => {
    const node = new LinkedNode();
    open(node);
    const { link, session } = node.peer(1, { 7: 1 });
    link.end();
    session.credit(9, 1, 1000);
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
    expect(session.channels).toEqual([]);
    expect(session.snapshot()).toEqual([]);
    expect(link.take()).toEqual([]);
    expectIdle(node.clock.scheduler);
  });
});

describe('the end of a session', () => {
  it('drops waiting and half-written messages, and reports them once per channel', () => {
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
    const channel = open(node, { inbound: block(4, { bytes: 10 }) });
    const first = node.peer(1);
    first.link.arrive(data(7, [1]), data(7, [2]), data(7, [3]));
    first.link.end();
    const { link, session } = node.peer(1);
    expect(session.snapshot()[0]?.inbound).toMatchObject({
      depth: 3,
      depthBytes: 3,
      granted: 1,
      grantedBytes: 7,
    });
    link.arrive(data(7, [4]));
    expect(heard(channel)).toEqual([1, 2, 3, 4]);
    node.turn();
    expect(link.take()).toEqual(['credit 7 4 4']);
  });

  it('says bye after writing what it can', () => {
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

  it('releases nothing that came early on the other link of a simultaneous connect', () => {
    const node = new LinkedNode();
    const values = heard(open(node));
    const session = node.channels.offer(new FakeLink(), idOf(1));
    const loser = node.channels.offer(new FakeLink(), idOf(1));
    session.accepted();
    session.data(7, bytes(1), true);
    loser.close('duplicate');
    expect(values).toEqual([]);
    session.goLive();
    expect(values).toEqual([1]);
  });

  it('holds up nothing on an established link while another one is on offer', () => {
    const node = new LinkedNode();
    const values = heard(open(node));
    const { link } = node.peer(1);
    node.channels.offer(new FakeLink(), idOf(1));
    link.arrive(data(7, [1]));
    expect(values).toEqual([1]);
  });

  it('leaves the other link of a simultaneous connect intact', () => {
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
    expect(kept.take()).toEqual(Array.from({ length: 6 }, () => 'credit 7 1 1'));
    expect(session.snapshot()[0]?.inbound).toMatchObject({ depth: 0, capacity: 4, granted: 4 });
  });
});
