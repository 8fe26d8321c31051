import { describe, expect, it } from '@jest/globals';
import { block } from '../../lib/flow/strategy.ts';
import { closed, credit, data } from '../support/fake-link.ts';
import { heard, idOf, LinkedNode, NodePair, open } from '../support/linked-node.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('a channel that is closed and reopened while peers are connected', () => {
  it('is announced, closed and announced again with the missing credit', () => {
    const node = new LinkedNode();
    const { link, session } = node.peer(1);
    const first = open(node, { inbound: block(8, { bytes: 100 }) });
    expect(link.take()).toEqual(['credit 7 8 100']);
    heard(first);
    link.arrive(data(7, [1]), data(7, [2]), data(7, [3]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 2 2']);
    first.close();
    node.turn();
    expect(link.take()).toEqual(['closed 7']);
    open(node, { inbound: block(8, { bytes: 120 }) });
    expect(link.take()).toEqual(['credit 7 1 21']);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ granted: 8, grantedBytes: 120 });
  });

  it('is announced without credit if the peer has enough', () => {
    const node = new LinkedNode();
    const { link } = node.peer(1);
    open(node).close();
    node.turn();
    expect(link.take()).toEqual(['credit 7 64 4194304', 'closed 7']);
    open(node);
    expect(link.take()).toEqual(['credit 7 0 0']);
  });

  it('is announced, closed and announced again, also within one turn', () => {
    const node = new LinkedNode();
    const { link } = node.peer(1);
    const first = open(node, { inbound: block(8, { bytes: 100 }) });
    expect(link.take()).toEqual(['credit 7 8 100']);
    first.close();
    open(node, { inbound: block(9, { bytes: 120 }) });
    expect(link.take()).toEqual(['closed 7', 'credit 7 1 20']);
  });

  it("on the peer's side: what waits for the channel of before is dropped, also within one turn", () => {
    const pair = new NodePair();
    const channel = open(pair.a);
    const first = open(pair.b, { inbound: block(1) });
    pair.settle();
    for (const value of [1, 2]) channel.out.next({ to: pair.b.id, message: bytes(value) });
    pair.settle();
    first.close();
    const values = heard(open(pair.b, { inbound: block(4) }));
    pair.settle();
    channel.out.next({ to: pair.b.id, message: bytes(3) });
    pair.settle();
    expect(values).toEqual([3]);
    const changes = pair.a.events.filter(({ type }) => type === 'peer-channel');
    expect(changes.map((change) => 'open' in change && change.open)).toEqual([true, false, true]);
    expect([pair.a.takeDrops(), pair.b.takeDrops()]).toEqual([
      ['out 7 channel-not-open 1'],
      ['in 7 channel-closed 1'],
    ]);
  });

  it('withdraws credit that was not sent yet', () => {
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
    expect(link.take()).toEqual(['credit 7 2 2']);
  });

  it('drops what arrives meanwhile, reports it and counts its credit', () => {
    const node = new LinkedNode();
    const first = open(node, { inbound: block(4) });
    const { link, session } = node.peer(1);
    first.close();
    link.arrive(data(7, [1]), data(7, [], true), data(7, [2], false), data(7, [3]));
    expect(node.takeDrops()).toEqual(['in 7 channel-closed 3']);
    node.turn();
    link.take();
    open(node, { inbound: block(4) });
    expect(link.take()).toEqual(['credit 7 3 3']);
    expect(session.snapshot()[0]?.inbound.granted).toBe(4);
  });

  it('reports a half-received message when its rest is here, and keeps that from the next channel', () => {
    const node = new LinkedNode();
    const first = open(node);
    const { link } = node.peer(1);
    link.arrive(data(7, [1], false));
    first.close();
    const values = heard(open(node));
    link.arrive(data(7, [2], false));
    expect(node.takeDrops()).toEqual([]);
    link.arrive(data(7, [3]), data(7, [4]));
    expect(values).toEqual([4]);
    expect(node.takeDrops()).toEqual(['in 7 channel-closed 1']);
  });

  it('leaves a half-received message to its sender if the connection ends before the rest', () => {
    const node = new LinkedNode();
    const first = open(node);
    const { link } = node.peer(1);
    link.arrive(data(7, [1], false));
    first.close();
    link.arrive(data(7, [2], false));
    link.end();
    expect(node.takeDrops()).toEqual([]);
  });

  it('accepts everything that the peer has credit for after reopening with a smaller lane', () => {
    const node = new LinkedNode();
    const { link, session } = node.peer(1);
    open(node, { inbound: block(8, { bytes: 36 }) }).close();
    const channel = open(node, { inbound: block(2, { bytes: 10 }) });
    link.take();
    for (let value = 1; value <= 8; value += 1) link.arrive(data(7, Array<number>(5).fill(value)));
    expect(link.ended).toBe(false);
    expect(session.snapshot()[0]?.inbound).toEqual({
      depth: 8,
      depthBytes: 40,
      capacity: 8,
      strategy: 'block',
      capacityBytes: 36,
      granted: 0,
      grantedBytes: -4,
    });
    expect(heard(channel)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    node.turn();
    // From here on the peer has the credit of the smaller lane.
    expect(link.take()).toEqual(['credit 7 2 14']);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ granted: 2, grantedBytes: 10 });
  });

  it('returns no credit for an oversized message while the peer has enough', () => {
    const node = new LinkedNode();
    const { link, session } = node.peer(1);
    open(node, { inbound: block(8, { bytes: 100 }) }).close();
    open(node, { inbound: block(2, { bytes: 88 }), messageBytesMax: 1 });
    link.take();
    for (const granted of [7, 6, 5, 4, 3, 2, 2]) {
      link.arrive(data(7, [1, 2]));
      expect(session.snapshot()[0]?.inbound.granted).toBe(granted);
    }
    node.turn();
    // Of the 14 bytes, the first 12 exceeded the smaller lane.
    expect(link.take()).toEqual(['credit 7 1 2']);
  });

  it('keeps count when it closes in the middle of a message, and for the rest of that too', () => {
    const node = new LinkedNode();
    const { link, session } = node.peer(1);
    const lane = { inbound: block(4, { bytes: 100 }) };
    const first = open(node, lane);
    link.arrive(data(7, [1, 1, 1], false));
    first.close();
    node.turn();
    link.take();
    const values = heard(open(node, lane));
    expect(link.take()).toEqual(['credit 7 1 3']);
    link.arrive(data(7, [1, 1], false), data(7, [1]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 0 3']);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ granted: 4, grantedBytes: 100 });
    expect(values).toEqual([]);
  });

  it('finishes the message that it has started to write, and drops the rest', () => {
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

  it('writes what it can before it closes', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 2 });
    for (const value of [1, 2, 3]) channel.out.next({ to: idOf(1), message: bytes(value) });
    channel.close();
    node.turn();
    expect(link.take()).toEqual(['data 7 01 last', 'data 7 02 last', 'closed 7']);
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 1']);
  });

  it("on the peer's side: messages waiting for it are dropped, and earlier credit still counts", () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 2 });
    link.writable = false;
    for (const value of [1, 2, 3]) channel.out.next({ to: idOf(1), message: bytes(value) });
    link.arrive(closed(7));
    channel.out.next({ to: idOf(1), message: bytes(4) });
    expect(node.takeDrops()).toEqual(['out 7 channel-not-open 4']);
    link.arrive(credit(7, 0));
    for (const value of [5, 6, 7]) channel.out.next({ to: idOf(1), message: bytes(value) });
    link.writable = true;
    node.turn();
    expect(link.take()).toEqual(['data 7 05 last', 'data 7 06 last']);
  });
});
