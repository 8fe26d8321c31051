import { describe, expect, it } from '@jest/globals';
import { take } from 'rxjs';
import { raw } from '../../lib/codec/raw.ts';
import { block, dropNewest, dropOldest, latest } from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { Session } from '../../lib/session/session.ts';
import { data, FakeLink } from '../support/fake-link.ts';
import { heard, idOf, LinkedNode, open } from '../support/linked-node.ts';

describe('credit granted by a session', () => {
  it('returns in quarters of the lane as messages are consumed', () => {
    const node = new LinkedNode();
    heard(open(node, { inbound: block(8, { bytes: 1000 }) }));
    const { link, session } = node.peer(1);
    const granted: string[] = [];
    for (let count = 1; count <= 6; count += 1) {
      link.arrive(data(7, [count]));
      node.turn();
      granted.push(...link.take().map((text) => `${count}: ${text}`));
    }
    expect(granted).toEqual(['2: credit 7 2 2', '4: credit 7 2 2', '6: credit 7 2 2']);
    expect(session.snapshot()[0]?.inbound).toEqual({
      strategy: 'block',
      depth: 0,
      depthBytes: 0,
      capacity: 8,
      capacityBytes: 1000,
      granted: 8,
      grantedBytes: 1000,
    });
  });

  it("S-12 is granted on one of a peer's two links, then on the remaining one", () => {
    const node = new LinkedNode();
    open(node, { inbound: block(64, { bytes: 1000 }) });
    const first = node.peer(1);
    const second = new FakeLink();
    const session = node.channels.offer(second, idOf(1));
    node.turn();
    const granted = (each: Session): readonly unknown[] =>
      each.snapshot().map(({ inbound }) => [inbound.granted, inbound.grantedBytes]);
    expect([granted(first.session), granted(session)]).toEqual([[[64, 1000]], [[0, 0]]]);
    // The second link learns that the channel is open, but gets no credit.
    expect(second.take()).toEqual(['ping', 'credit 7 0 0', 'accept']);
    first.link.arrive(data(7, [1]), data(7, [2]));
    first.session.close('duplicate');
    node.turn();
    expect(granted(session)).toEqual([[62, 998]]);
    expect(second.take()).toEqual(['credit 7 62 998']);
  });

  it('of a `block` lane returns only once somebody consumes', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(4) });
    const { link, session } = node.peer(1);
    for (const value of [1, 2, 3, 4]) link.arrive(data(7, [value]));
    node.turn();
    expect(link.take()).toEqual([]);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ depth: 4, granted: 0 });
    expect(heard(channel)).toEqual([1, 2, 3, 4]);
    node.turn();
    expect(link.take()).toEqual(['credit 7 4 4']);
  });

  it.each([
    ['dropOldest', dropOldest(2), [4, 5]],
    ['dropNewest', dropNewest(2), [1, 1]],
    ['latest', latest(), [5]],
  ])('returns immediately for a `%s` lane, which decides what it keeps', (_, inbound, kept) => {
    const node = new LinkedNode();
    const channel = open(node, { inbound });
    const { link, session } = node.peer(1);
    // The window is 64 however small the lane, returned in quarters.
    expect(session.snapshot()[0]?.inbound.granted).toBe(64);
    for (let count = 0; count < 15; count += 1) link.arrive(data(7, [count < 11 ? 1 : count - 10]));
    node.turn();
    expect(link.take()).toEqual([]);
    link.arrive(data(7, [5]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 16 16']);
    expect(session.snapshot()[0]?.inbound.granted).toBe(64);
    expect(node.dropped()).toEqual({ 'in 7 lane-full': 16 - kept.length });
    expect(heard(channel)).toEqual(kept);
  });

  it('returns for a message that fails to decode', () => {
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
    expect(link.take()).toEqual(['credit 7 1 1']);
    expect(node.takeDrops()).toEqual(['in 7 decode-failed 1']);
  });

  it('returns for a message that turns out too large, and the next one arrives', () => {
    const node = new LinkedNode();
    const values = heard(open(node, { inbound: block(1), messageBytesMax: 2 }));
    const { link } = node.peer(1);
    link.arrive(data(7, [1, 2], false), data(7, [3], false));
    node.turn();
    expect([link.take(), node.takeDrops()]).toEqual([[], []]);
    link.arrive(data(7, [4], false), data(7, [5]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 1 5']);
    expect(node.events.at(-1)).toMatchObject({
      reason: 'too-large',
      direction: 'inbound',
      error: { code: 'RXMESH_MESSAGE_TOO_LARGE', peer: idOf(1), channel: 7 },
    });
    link.arrive(data(7, [6, 7]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 1 2']);
    link.arrive(data(7, [1, 2, 3]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 1 3']);
    expect(node.takeDrops()).toEqual(['in 7 too-large 1', 'in 7 too-large 1']);
    expect(values).toEqual([6]);
  });

  it('returns in quarters of the bytes if that is sooner', () => {
    const node = new LinkedNode();
    heard(open(node, { inbound: block(100, { bytes: 80 }) }));
    const { link, session } = node.peer(1);
    const granted: string[] = [];
    for (let count = 1; count <= 6; count += 1) {
      link.arrive(data(7, Array<number>(7).fill(count)));
      node.turn();
      granted.push(...link.take().map((text) => `${count}: ${text}`));
    }
    expect(granted).toEqual(['3: credit 7 3 21', '6: credit 7 3 21']);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ granted: 100, grantedBytes: 80 });
  });

  it('lets a single message through that is larger than the window', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(4, { bytes: 10 }) });
    const { link, session } = node.peer(1);
    link.arrive(data(7, Array<number>(30).fill(1), false), data(7, Array<number>(10).fill(1)));
    const { inbound } = session.snapshot()[0] ?? {};
    expect(inbound).toMatchObject({ depth: 1, depthBytes: 40, granted: 3, grantedBytes: -30 });
    node.turn();
    expect(link.take()).toEqual([]);
    expect(heard(channel)).toEqual([1]);
    node.turn();
    expect(link.take()).toEqual(['credit 7 1 40']);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ granted: 4, grantedBytes: 10 });
  });

  it('counts the place of a partly received message', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(4, { bytes: 20 }) });
    const { link, session } = node.peer(1);
    for (const value of [1, 2, 3]) link.arrive(data(7, [value, value]));
    link.arrive(data(7, [4, 4, 4, 4], false));
    channel.in$.pipe(take(1)).subscribe();
    node.turn();
    expect(link.take()).toEqual(['credit 7 1 2']);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ granted: 1, grantedBytes: 12 });
    link.arrive(data(7, [4, 4]), data(7, [5]));
    expect(link.ended).toBe(false);
    expect(heard(channel)).toEqual([2, 3, 4, 5]);
    node.turn();
    expect(link.take()).toEqual(['credit 7 4 11']);
  });

  it('in bytes is that of the lane if a lane drops, and the drops are counted', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: dropOldest(8, { bytes: 12 }) });
    const { link, session } = node.peer(1);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ granted: 64, grantedBytes: 12 });
    for (const value of [1, 2, 3]) link.arrive(data(7, [value, value]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 2 4']);
    link.arrive(data(7, Array<number>(12).fill(4)));
    expect(node.takeDrops()).toEqual([]);
    link.arrive(data(7, [5]));
    expect(node.takeDrops()).toEqual(['in 7 lane-full 4']);
    expect(heard(channel)).toEqual([5]);
  });

  it('is not returned for a channel that a drop handler has closed', () => {
    const node = new LinkedNode();
    const channel = open(node, { messageBytesMax: 1 });
    const { link, session } = node.peer(1);
    node.events.push = (...events) => {
      channel.close();
      return events.length;
    };
    link.arrive(data(7, [1, 2]));
    node.turn();
    expect(link.take()).toEqual(['credit 7 1 2', 'closed 7']);
    open(node);
    expect(link.take()).toEqual(['credit 7 0 0']);
    expect(session.snapshot()[0]?.inbound).toMatchObject({ granted: 64, grantedBytes: 2 ** 22 });
  });
});
