import { describe, expect, it } from '@jest/globals';
import { channelsOf, Switchboard } from '../../lib/channel/switchboard.ts';
import { DecodeFailures } from '../../lib/channel/decode-failures.ts';
import type { Channel } from '../../lib/channel/channel.ts';
import type { Codec } from '../../lib/codec/codec.ts';
import { json } from '../../lib/codec/json.ts';
import { block } from '../../lib/flow/strategy.ts';
import type { PeerReport } from '../../lib/model/peer-report.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { credit, data, FakeLink, type FakePacket } from '../support/fake-link.ts';
import { heard, idOf, LinkedNode, open } from '../support/linked-node.ts';

const bad = 0xff;

/** A codec for plain bytes that records the first byte of what it decodes, and rejects 0xff. */
function refusing(): { codec: Codec<Uint8Array>; decoded: (number | undefined)[] } {
  const decoded: (number | undefined)[] = [];
  const decode = (bytes: Uint8Array): Uint8Array => {
    decoded.push(bytes[0]);
    if (bytes[0] === bad) throw new TypeError('none of ours');
    return bytes;
  };
  return { codec: { encode: (bytes) => bytes, decode }, decoded };
}

/** That many one-byte messages that do not decode. */
const garbage = (count: number, channel = 7): FakePacket[] =>
  Array.from({ length: count }, () => data(channel, [bad]));

const sequence = (count: number): number[] => Array.from({ length: count }, (_, at) => at % bad);

const honest = (count: number, channel = 7): FakePacket[] =>
  sequence(count).map((value) => data(channel, [value]));

/** The reports so far, as `<peer> <severity>`; clears them. */
const reported = (reports: PeerReport[]): string[] =>
  reports.splice(0).map(({ peer, severity }) => `${Number.parseInt(peer, 16)} ${severity}`);

describe('S-02 a message that does not decode', () => {
  it('is reported and costs a note, one for all failures in a turn', () => {
    const node = new LinkedNode();
    node.channels.open({ id: 7, codec: json() }).in$.subscribe();
    const { link } = node.peer(1);
    link.arrive(...garbage(60));
    link.arrive(...garbage(40));
    node.turn();
    expect(node.reports).toMatchObject([
      { peer: idOf(1), severity: 'note', reason: { code: 'RXMESH_DECODE_FAILED', channel: 7 } },
    ]);
    expect(node.events).toMatchObject([
      { type: 'message-dropped', reason: 'decode-failed', count: 100, peer: idOf(1) },
    ]);
    link.arrive(data(7, [0x31]));
    node.turn();
    expect(node.reports).toHaveLength(1);
    expect(link.closedFor).toBeUndefined();
  });

  it('has the price of one that is too large, and one error stands for all of a turn', () => {
    const node = new LinkedNode();
    node.channels.open({ id: 7, codec: json(), messageBytesMax: 2 }).in$.subscribe();
    const { link } = node.peer(1);
    const large = data(7, [0x31, 0x31, 0x31]);
    link.arrive(...Array<FakePacket>(50).fill(large), ...garbage(50));
    node.turn();
    expect(reported(node.reports)).toEqual(['1 note', '1 note']);
    expect(node.events).toMatchObject([
      {
        reason: 'too-large',
        count: 50,
        error: { code: 'RXMESH_MESSAGE_TOO_LARGE', peer: idOf(1), channel: 7 },
      },
      { reason: 'decode-failed', count: 50 },
    ]);
    link.arrive(large);
    expect(reported(node.reports)).toEqual(['1 disconnect']);
  });

  it('ends the connection if it exceeds the limit, and nothing more is decoded', () => {
    const node = new LinkedNode();
    const { codec, decoded } = refusing();
    open(node, { codec }).in$.subscribe();
    const { link } = node.peer(1);
    link.arrive(...garbage(100), data(7, [1]));
    expect(reported(node.reports)).toEqual([]);
    expect(link.ended).toBe(false);
    link.arrive(...garbage(50), data(7, [2]));
    expect(node.reports).toMatchObject([
      {
        severity: 'disconnect',
        reason: {
          code: 'RXMESH_DECODE_FAILED',
          message: `more than 100 messages a second from ${idOf(1)} do not decode or are too large`,
          peer: idOf(1),
        },
      },
    ]);
    expect(link.closedFor).toBe('evicted');
    expect(decoded).toEqual([...Array<number>(100).fill(bad), 1, bad]);
    node.turn();
    expect(reported(node.reports)).toEqual(['1 disconnect', '1 note']);
    expect(node.takeDrops()).toEqual(['in 7 decode-failed 101']);
  });

  it('is offset by time: a hundred per second may continue indefinitely', () => {
    const node = new LinkedNode();
    heard(open(node, { codec: refusing().codec }));
    const { link } = node.peer(1);
    link.arrive(...garbage(100));
    for (let i = 0; i < 1_000; i += 1) {
      node.clock.advance(10);
      link.arrive(...garbage(1));
    }
    expect(new Set(reported(node.reports))).toEqual(new Set(['1 note']));
    expect(link.ended).toBe(false);
    node.clock.advance(9);
    link.arrive(...garbage(1));
    expect(reported(node.reports)).toEqual(['1 note', '1 disconnect']);
    expect(link.closedFor).toBe('evicted');
  });

  it('counts across all channels, and against no other peer', () => {
    const node = new LinkedNode();
    const { codec } = refusing();
    for (const id of [7, 8, 9]) open(node, { id, codec }).in$.subscribe();
    const { link } = node.peer(1);
    const { link: other } = node.peer(2);
    link.arrive(...garbage(40, 7), ...garbage(40, 8), ...garbage(20, 9));
    other.arrive(...garbage(100, 8));
    expect([link.ended, other.ended]).toEqual([false, false]);
    link.arrive(...garbage(1, 9));
    expect([link.ended, other.ended]).toEqual([true, false]);
  });
});

describe('S-02 a peer that has failed too often', () => {
  it('gets a new allowance by waiting, not by reconnecting', () => {
    const node = new LinkedNode();
    const texts = heard(open(node, { codec: refusing().codec }));
    const { link: first } = node.peer(1);
    first.arrive(...garbage(100));
    first.end();
    node.turn();
    expect(reported(node.reports)).toEqual(['1 note']);
    const { link: second } = node.peer(1);
    second.arrive(data(7, [1]));
    second.arrive(...garbage(1));
    expect(second.closedFor).toBe('evicted');
    node.clock.advance(500);
    const { link: third } = node.peer(1);
    third.arrive(data(7, [2]), ...garbage(50));
    expect(third.ended).toBe(false);
    third.arrive(...garbage(1));
    expect(third.closedFor).toBe('evicted');
    node.clock.advance(1_000);
    const { link: fourth } = node.peer(1);
    fourth.arrive(...garbage(100), data(7, [3]));
    expect(fourth.ended).toBe(false);
    expect(texts).toEqual([1, 2, 3]);
  });

  it('loses what waits on every channel, undecoded; its neighbours keep their turns and credit', () => {
    const node = new LinkedNode();
    const { codec, decoded } = refusing();
    const inbound = block(200);
    const channels = [7, 8].map((id) => open(node, { id, codec, inbound }));
    const { link: hostile } = node.peer(1);
    const { link: neighbour, session } = node.peer(2);
    hostile.arrive(...garbage(200, 7), ...honest(30, 8));
    neighbour.arrive(...honest(200, 7), ...honest(30, 8));
    node.turn();
    neighbour.take();
    const texts = channels.map(heard);
    expect(hostile.closedFor).toBe('evicted');
    // The peers alternate, up to the failure that exceeded the limit.
    expect(decoded.slice(0, 202)).toEqual(sequence(101).flatMap((value) => [bad, value]));
    expect(texts).toEqual([sequence(200), sequence(30)]);
    expect(node.dropped()).toEqual({ 'in 7 decode-failed': 200, 'in 8 decode-failed': 30 });
    node.turn();
    expect(neighbour.take()).toEqual(['credit 7 200 200']);
    expect(session.snapshot().map(({ inbound: { depth } }) => depth)).toEqual([0, 0]);
    expect([...node.channels.sessions()]).toEqual([session]);
  });

  it('that left before its messages were decoded loses the rest too, and is reported', () => {
    const node = new LinkedNode();
    const { codec, decoded } = refusing();
    const channel = open(node, { codec, inbound: block(200) });
    const { link } = node.peer(1);
    link.arrive(...garbage(150), data(7, [1]));
    link.end();
    node.turn();
    const texts = heard(channel);
    expect(decoded).toHaveLength(101);
    expect(reported(node.reports)).toEqual(['1 disconnect']);
    expect(node.dropped()).toEqual({ 'in 7 decode-failed': 151 });
    // The next connection inherits none of the messages, only the rest of the allowance.
    const { link: next } = node.peer(1);
    next.arrive(data(7, [2]));
    expect(texts).toEqual([2]);
    next.arrive(...garbage(1));
    expect(next.closedFor).toBe('evicted');
  });

  it('is done with even if a consumer of reports disconnects it or closes its channel', () => {
    const node = new LinkedNode();
    const { codec, decoded } = refusing();
    const channel = open(node, { codec });
    let again: Channel<Uint8Array> | undefined;
    node.switchboard.reports$.subscribe(({ severity }) => {
      if (severity !== 'disconnect') return;
      channel.close();
      again = open(node, { codec });
      heard(again);
    });
    const log: string[] = [];
    channel.in$.subscribe({ complete: () => log.push('complete') });
    const { link } = node.peer(1);
    const { link: other } = node.peer(2);
    link.arrive(...garbage(101), data(7, [1]));
    expect(log).toEqual(['complete']);
    expect(link.faults).toEqual([]);
    expect(decoded).toHaveLength(101);
    other.arrive(data(7, [2]));
    expect(decoded.at(-1)).toBe(2);
  });
});

describe('S-02 a node assembled by hand that keeps such a peer connected', () => {
  function byHand(): {
    clock: VirtualClock;
    switchboard: Switchboard;
    reports: PeerReport[];
    connect: () => FakeLink;
  } {
    const clock = new VirtualClock();
    const keepAlive = { intervalMs: 0 };
    const switchboard = new Switchboard({ self: idOf(0), clock, keepAlive, stallMs: 0 });
    const channels = channelsOf(switchboard);
    const reports: PeerReport[] = [];
    switchboard.reports$.subscribe((report) => reports.push(report));
    const connect = (): FakeLink => {
      const link = new FakeLink();
      const session = channels.offer(link, idOf(1));
      session.ended$.subscribe(() => channels.remove(session));
      link.arrive({ type: 'accept' });
      channels.add(session);
      session.goLive();
      clock.advance(0);
      link.take();
      return link;
    };
    return { clock, switchboard, reports, connect };
  }

  it('drops everything it sends undecoded and returns its credit, until it reconnects', () => {
    const { clock, switchboard, reports, connect } = byHand();
    const { codec, decoded } = refusing();
    const inbound = block(8);
    const channel = switchboard.open({ id: 7, codec, inbound });
    const texts: (number | undefined)[] = [];
    channel.in$.subscribe(({ message }) => texts.push(message[0]));
    const link = connect();
    link.arrive(...garbage(101));
    clock.advance(0);
    link.take();
    expect(reported(reports)).toEqual(['1 disconnect', '1 note']);
    link.arrive(...honest(1_000));
    clock.advance(0);
    // 101 and 1,000 are consumed; credit was returned for every two.
    expect(link.take()).toEqual(['credit 7 1000 1000']);
    expect([decoded.length, texts, reported(reports)]).toEqual([101, [], []]);
    // A channel opened meanwhile does not decode it either.
    const late = switchboard.open({ id: 8, codec, inbound });
    late.in$.subscribe(({ message }) => texts.push(message[0]));
    link.arrive(credit(8, 1), ...honest(8, 8));
    clock.advance(60_000);
    link.arrive(...honest(8));
    clock.advance(0);
    expect([decoded.length, texts, reported(reports)]).toEqual([101, [], []]);
    expect(switchboard.snapshot().drops).toEqual([
      { channel: 7, reason: 'decode-failed', count: 1_109 },
      { channel: 8, reason: 'decode-failed', count: 8 },
    ]);
    link.end();
    connect().arrive(...honest(3, 7), ...honest(2, 8));
    expect(texts).toEqual([0, 1, 2, 0, 1]);
  });

  it('returns the credit of what waited on other channels', () => {
    const { clock, switchboard, connect } = byHand();
    const { codec } = refusing();
    switchboard.open({ id: 7, codec }).in$.subscribe();
    switchboard.open({ id: 8, codec, inbound: block(8) });
    const link = connect();
    link.arrive(...honest(8, 8));
    clock.advance(0);
    expect(link.take()).toEqual([]);
    link.arrive(...garbage(101));
    clock.advance(0);
    expect(link.take().filter((text) => text.startsWith('credit 8'))).toEqual(['credit 8 8 8']);
  });
});

describe('S-02 allowances', () => {
  const clock = (): VirtualClock => new VirtualClock();

  it('of a crowd of identities total those of 1,024 peers', () => {
    const failures = new DecodeFailures(clock(), 3);
    let allowed = 0;
    for (let peer = 0; peer < 3_000; peer += 1) {
      for (let i = 0; i < 4; i += 1) if (failures.allows(idOf(peer))) allowed += 1;
    }
    expect(allowed).toBe(3 * 1_024);
  });

  it('are not renewed by identities that displace the peer: the one that failed longest ago goes', () => {
    const failures = new DecodeFailures(clock(), 3);
    for (let i = 0; i < 3; i += 1) failures.allows(idOf(0));
    for (let peer = 1; peer < 1_024; peer += 1) failures.allows(idOf(peer));
    expect(failures.allows(idOf(0))).toBe(false);
    // It failed first, but also last, so the newcomer gets what peer 1 had left.
    const outcomes = [1, 2, 3].map(() => failures.allows(idOf(5_000)));
    expect(outcomes).toEqual([true, true, false]);
    expect(failures.allows(idOf(0))).toBe(false);
  });

  it('are full again for those that failed longest ago, so a newcomer gets a whole one', () => {
    const time = clock();
    const failures = new DecodeFailures(time, 3);
    for (let peer = 0; peer < 1_024; peer += 1) failures.allows(idOf(peer));
    time.advance(1_000);
    const outcomes = [1, 2, 3, 4].map(() => failures.allows(idOf(5_000)));
    expect(outcomes).toEqual([true, true, true, false]);
  });

  it.each([Infinity, NaN, -1, 0, 1.5, 1_000_001])('of %p per second are rejected', (perSecond) => {
    const options = { self: idOf(0), decodeFailuresPerSecond: perSecond };
    const text = `decodeFailuresPerSecond must be a whole number from 1 to 1,000,000, got ${perSecond}`;
    expect(() => new Switchboard(options)).toThrow(new RangeError(text));
  });
});
