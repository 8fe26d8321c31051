import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toHex } from '../../../lib/model/hex.ts';
import { unlimitedCredit, type Link } from '../../../lib/transport/link.ts';
import { linked, messagePacket, RawPeer } from './support.ts';

const text = new TextEncoder();

/** Sends a message in as many packets as it takes. */
function send(link: Link, channel: number, message: Uint8Array): void {
  let at = 0;
  do {
    if (link.room === 0) link.flush();
    const end = Math.min(message.length, at + link.room);
    link.data(channel, message, at, end, end === message.length);
    at = end;
  } while (at < message.length);
}

/** The messages on a channel that a recorder has heard, whole. */
function messages(heard: readonly string[], channel: number): string[] {
  const whole: string[] = [];
  let parts = '';
  for (const line of heard) {
    const [, on, hex = '', last] = /^data (\d+) ([0-9a-f]*)( last)?/.exec(line) ?? [];
    if (Number(on) !== channel) continue;
    parts += hex;
    if (last === undefined) continue;
    whole.push(parts);
    parts = '';
  }
  return whole;
}

describe('the packets of a link', () => {
  it('MC-01 have the bytes of CometBFT', () => {
    const peer = new RawPeer();
    const data = text.encode('data transmitted over the wire');
    peer.link.ping();
    peer.link.pong(0);
    peer.link.data(0x20, data, 0, data.length, false);
    peer.link.data(0x20, data, 0, 4, true);
    peer.link.data(0, data, 0, 0, true);
    peer.link.flush();
    peer.pair.settle();
    expect(toHex(Uint8Array.from(peer.arrived))).toBe(
      `020a00021200241a2208201a1e${toHex(data)}` +
        `0c1a0a082010011a04${toHex(data.subarray(0, 4))}041a021001`,
    );
  });

  it('MC-01 are read as CometBFT writes them', () => {
    const peer = new RawPeer();
    const data = toHex(text.encode('data transmitted over the wire'));
    const stream = `020a00021200241a2208201a1e${data}041a021001041a021001`;
    // On channel 0x20 the message goes on; on channel 0 an empty one arrives, twice.
    peer.send(Uint8Array.from(Buffer.from(stream, 'hex')));
    expect(peer.heard.heard).toEqual([
      'ping',
      `data 32 ${data}`,
      'data 0  last',
      'data 0  last',
      'end of record',
    ]);
  });

  it('SC-01 carry messages of any size both ways at once', () => {
    const { pair, a, b, atA, atB } = linked();
    const sizes = fc.array(fc.nat(70_000), { minLength: 1, maxLength: 4 });
    const make = (size: number, seed: number): Uint8Array =>
      new Uint8Array(size).map((_, at) => at * 7 + seed);
    fc.assert(
      fc.property(sizes, sizes, (fromA, fromB) => {
        atA.heard.length = atB.heard.length = 0;
        for (const size of fromA) send(a, 0x22, make(size, 1));
        for (const size of fromB) send(b, 0x20, make(size, 2));
        a.flush();
        b.flush();
        pair.settle();
        expect(messages(atB.heard, 0x22)).toEqual(fromA.map((size) => toHex(make(size, 1))));
        expect(messages(atA.heard, 0x20)).toEqual(fromB.map((size) => toHex(make(size, 2))));
      }),
      { numRuns: 10 },
    );
  });

  it.each([1, 61_417, 61_418, 65_536])('are sent with packetBytesMax %i', (packetBytesMax) => {
    const { pair, a, atB } = linked({ flushMs: 0, packetBytesMax });
    expect(a.room).toBe(Math.min(packetBytesMax, 61_417));
    const message = new Uint8Array(packetBytesMax === 1 ? 3 : 130_000).map((_, at) => at * 7);
    send(a, 0x22, message);
    a.ping();
    a.flush();
    pair.settle();
    expect(messages(atB.heard, 0x22)).toEqual([toHex(message)]);
  });

  it('are read up to packetBytesMax, also where less is sent', () => {
    const peer = new RawPeer({ flushMs: 0, packetBytesMax: 65_536 });
    const packet = messagePacket(0x22, new Uint8Array(65_536).fill(1), true);
    peer.send(packet.subarray(0, 40_000));
    peer.send(packet.subarray(40_000));
    expect(messages(peer.heard.heard, 0x22)).toEqual(['01'.repeat(65_536)]);
  });

  it('are views that nobody writes to again', () => {
    const { pair, a, atB } = linked();
    send(a, 0x22, new Uint8Array(3_000).fill(1));
    a.flush();
    pair.settle();
    const before = atB.views.map((view) => view.slice());
    send(a, 0x22, new Uint8Array(60_000).fill(2));
    a.flush();
    pair.settle();
    expect(atB.views.slice(0, before.length)).toEqual(before);
  });

  it('small ones share a record if they follow within flushMs; pings do not wait', () => {
    const { pair, clock, a, atB } = linked({ flushMs: 10 });
    const { sent } = pair.dialer;
    const count = sent.length;
    for (let at = 0; at < 3; at += 1) {
      send(a, 0x22, Uint8Array.of(at));
      a.flush();
      clock.advance(3);
    }
    expect(sent).toHaveLength(count);
    clock.advance(1);
    expect(sent.slice(count).map(({ length }) => length)).toEqual([1_044]);
    send(a, 0x22, Uint8Array.of(3));
    a.ping();
    a.flush();
    expect(sent).toHaveLength(count + 2);
    pair.settle();
    expect(atB.heard.filter((line) => line.startsWith('data'))).toHaveLength(4);
    expect(clock.dueTimesMs).toEqual([]);
  });
});

describe('a link', () => {
  it('reports the channels of its peer with all the credit there is, and accepts once it hears', () => {
    const peer = new RawPeer({ flushMs: 0 }, false, false);
    const { link, heard } = peer;
    expect([link.hasCredit, link.fragmentBytesMax]).toEqual([false, 1_024]);
    link.attach(heard);
    const credit = `${unlimitedCredit} ${unlimitedCredit}`;
    const channels = [0, 0x20, 0x22].map((id) => [
      `limit ${id} 22020096`,
      `credit ${id} ${credit}`,
    ]);
    expect(heard.heard).toEqual([...channels.flat(), 'end of record']);
    heard.heard.length = 0;
    link.accept();
    link.flush();
    peer.send(Uint8Array.of(2, 0x12, 0));
    expect(heard.heard).toEqual(['accepted', 'end of record']);
  });

  it('announces nothing and closes without a word: the wire has none', () => {
    const { pair, a, atA, atB } = linked();
    const count = pair.dialer.sent.length;
    a.credit(0x20, 1, 1);
    a.messageLimit(0x20, 1);
    a.channelClosed(0x20);
    a.flush();
    a.close('violation', 'text');
    a.close('done');
    pair.settle();
    expect(pair.dialer.sent).toHaveLength(count);
    expect(atA.heard).toEqual(['ended']);
    expect(atB.heard).toEqual(['ended RXMESH_CONNECTION_CLOSED']);
  });

  it('a peer that closes before it has sent anything has refused us', () => {
    const peer = new RawPeer({ flushMs: 0 }, false);
    peer.pair.dialer.close();
    peer.pair.settle();
    expect(peer.heard.error?.code).toBe('RXMESH_PEER_REFUSED');
    expect(peer.heard.error?.peer).toBe(peer.link.nodeInfo.nodeId);
  });

  it('a peer whose refusal arrives as a reset has refused us, too', () => {
    const peer = new RawPeer({ flushMs: 0 }, false);
    peer.pair.listener.breakDown('reset');
    const { error } = peer.heard;
    expect(error?.code).toBe('RXMESH_PEER_REFUSED');
    expect(String(error?.cause)).toContain('reset');
  });

  it('never sends on a channel that the peer has not announced, nor from 0x80 on', () => {
    const { a } = linked();
    for (const channel of [0x21, 0x80, 0x1234]) {
      expect(() => a.data(channel, Uint8Array.of(1), 0, 1, true)).toThrow(RangeError);
    }
  });

  it('refuses pieces that do not fit, or say nothing', () => {
    const { a } = linked();
    expect(() => a.data(0x20, new Uint8Array(1_025), 0, 1_025, true)).toThrow(RangeError);
    expect(() => a.data(0x20, Uint8Array.of(1), 0, 0, false)).toThrow(RangeError);
    expect(() => a.data(0x20, Uint8Array.of(1), 1, 0, true)).toThrow(RangeError);
  });

  it('writes pings and pongs, however many, also when there is no room for a message', () => {
    const { pair, a, atB } = linked({ flushMs: 10 });
    const message = new Uint8Array(1_024);
    let count = 0;
    for (; a.room > 0; count += 1) a.data(0x20, message, 0, 1_024, true);
    for (let pings = 0; pings < 500; pings += 1) a.ping();
    a.flush();
    pair.settle();
    expect(atB.heard.filter((line) => line.startsWith('data'))).toHaveLength(count);
    expect(atB.heard.filter((line) => line === 'ping')).toHaveLength(500);
  });

  it('MC-04 unsolicited pongs change nothing, and every ping is passed on', () => {
    const peer = new RawPeer();
    for (let count = 0; count < 3; count += 1) peer.send(Uint8Array.of(2, 0x12, 0));
    peer.send(Uint8Array.of(2, 0x0a, 0, 2, 0x0a, 0));
    // The first pong answers the ping that asked for acceptance.
    expect(peer.heard.heard.filter((line) => line === 'pong')).toHaveLength(2);
    expect(peer.heard.heard.filter((line) => line === 'ping')).toHaveLength(2);
  });

  it('MC-05 ends once when the socket breaks', () => {
    const peer = new RawPeer();
    peer.pair.listener.breakDown('reset');
    peer.pair.listener.breakDown('reset');
    expect(peer.heard.heard).toEqual(['ended RXMESH_CONNECTION_FAILED']);
  });

  it('keeps 64 KiB that arrive before it has a receiver, and then pauses the socket', () => {
    const peer = new RawPeer({ flushMs: 0 }, true, false);
    const packet = messagePacket(0x20, new Uint8Array(1_000), true);
    for (let count = 0; count < 64; count += 1) peer.send(packet);
    expect(peer.pair.listener.paused).toBe(false);
    peer.send(packet);
    expect(peer.pair.listener.paused).toBe(true);
    peer.link.attach(peer.heard);
    expect(peer.pair.listener.paused).toBe(false);
    expect(peer.heard.heard.filter((line) => line.startsWith('data'))).toHaveLength(65);
  });
});

describe('a link that is paused, or ends, at an awkward moment', () => {
  it('stays paused if that was before it has a receiver', () => {
    const peer = new RawPeer({ flushMs: 0 }, true, false);
    peer.link.pause(true);
    peer.link.attach(peer.heard);
    expect(peer.pair.listener.paused).toBe(true);
    expect(peer.heard.heard).not.toContain('accepted');
    peer.link.pause(false);
    expect([peer.pair.listener.paused, peer.heard.heard.includes('ping')]).toEqual([false, true]);
  });

  it('hands over nothing behind its end, also when its receiver ends it', () => {
    const peer = new RawPeer();
    peer.heard.onData = () => peer.link.close('done');
    const packet = messagePacket(0x20, Uint8Array.of(1), true);
    peer.send(Uint8Array.from([...packet, ...packet, 2, 0x0a, 0]));
    expect(peer.heard.heard).toEqual(['data 32 01 last', 'ended']);
  });

  it('hands over nothing behind its end, when its acceptance ends it', () => {
    for (const packet of [Uint8Array.of(2, 0x0a, 0), messagePacket(0x20, Uint8Array.of(1), true)]) {
      const peer = new RawPeer({ flushMs: 0 }, false);
      Object.assign(peer.heard, { accepted: () => peer.link.close('done') });
      peer.send(packet);
      expect(peer.heard.heard).toEqual(['ended']);
    }
  });

  it('is not writable once the other side has closed, and then ends with that', () => {
    const peer = new RawPeer({ flushMs: 0 }, true, false);
    peer.pair.dialer.close();
    peer.pair.settle();
    expect(peer.link.writable).toBe(false);
    peer.link.attach(peer.heard);
    expect(peer.heard.heard.slice(-2)).toEqual(['ping', 'ended RXMESH_CONNECTION_CLOSED']);
  });

  it('its own close is not a failure, if the socket ends during the last write', () => {
    const peer = new RawPeer({ flushMs: 10 });
    const { listener } = peer.pair;
    Object.assign(listener, { send: () => listener.breakDown('reset') });
    peer.link.data(0x20, Uint8Array.of(1), 0, 1, true);
    peer.link.close('done');
    expect([peer.heard.heard, peer.heard.error]).toEqual([['ended'], undefined]);
  });
});

describe('a peer that breaks the rules', () => {
  const limits = { flushMs: 0, messageBytesMax: 2_000 };

  it.each([
    ['a packet of unknown type', Uint8Array.of(2, 0x22, 0)],
    ['an empty packet', Uint8Array.of(0)],
    ['a packet of two parts', Uint8Array.of(4, 0x0a, 0, 0x12, 0)],
    ['a length that never ends', new Uint8Array(6).fill(0x80)],
    ['a packet above the limit', Uint8Array.of(0x8b, 0x08)],
    ['a channel that is not announced', messagePacket(0x21, Uint8Array.of(1), true)],
    ['a channel above a byte', messagePacket(0x120, Uint8Array.of(1), true)],
    ['a piece that is empty and not the last', messagePacket(0x20, new Uint8Array(), false)],
    ['an unknown field', Uint8Array.of(5, 0x1a, 3, 0x08, 0x20, 0x28)],
    ['data beyond its packet', Uint8Array.of(6, 0x1a, 4, 0x08, 0x20, 0x1a, 9)],
  ])('MC-06 %s: RXMESH_PROTOCOL_VIOLATION', (_what, bytes) => {
    const peer = new RawPeer(limits);
    peer.send(bytes);
    expect(peer.heard.error?.code).toBe('RXMESH_PROTOCOL_VIOLATION');
    expect(peer.heard.error?.peer).toBe(peer.link.nodeInfo.nodeId);
    expect(peer.pair.listener.state).toBe('destroyed');
    expect(peer.clock.dueTimesMs).toEqual([]);
  });

  it('MC-06 a message above the limit, in several pieces', () => {
    const peer = new RawPeer(limits);
    for (let count = 0; count < 2; count += 1) {
      peer.send(messagePacket(0x20, new Uint8Array(1_000), false));
    }
    expect(peer.heard.error).toBeUndefined();
    peer.send(messagePacket(0x20, Uint8Array.of(1), true));
    expect(peer.heard.error?.code).toBe('RXMESH_PROTOCOL_VIOLATION');
  });

  it('MC-06 names the channel, where there is one', () => {
    const peer = new RawPeer(limits);
    peer.send(messagePacket(0x21, Uint8Array.of(1), true));
    const { nodeId } = peer.link.nodeInfo;
    expect(peer.heard.error).toMatchObject({ channel: 0x21, peer: nodeId });
    const long = new RawPeer({ flushMs: 0, messageBytesMax: 1 });
    long.send(messagePacket(0x20, Uint8Array.of(1, 2), true));
    expect(long.heard.error?.channel).toBe(0x20);
  });

  it('the limit is that of each message, not of all together', () => {
    const peer = new RawPeer(limits);
    for (let count = 0; count < 3; count += 1) {
      peer.send(messagePacket(0x20, new Uint8Array(1_000), false));
      peer.send(messagePacket(0x20, new Uint8Array(1_000), true));
    }
    expect(peer.heard.error).toBeUndefined();
    expect(messages(peer.heard.heard, 0x20)).toHaveLength(3);
  });

  it('takes the longest packet that CometBFT allows', () => {
    const peer = new RawPeer(limits);
    peer.send(messagePacket(0x20, new Uint8Array(1_024).fill(5), true));
    expect(peer.heard.error).toBeUndefined();
    expect(peer.heard.heard).toHaveLength(2);
  });

  it.each([
    ['of nothing', 0],
    ['of more than fits', 1_025],
    ['of far more', 0xffff_ffff],
  ])('a record %s: RXMESH_PROTOCOL_VIOLATION', (_what, length) => {
    const peer = new RawPeer();
    const frame = new Uint8Array(1_028);
    new DataView(frame.buffer).setUint32(0, length, true);
    peer.sendFrame(frame);
    expect(peer.heard.error?.code).toBe('RXMESH_PROTOCOL_VIOLATION');
  });

  it('a record that is forged, repeated or out of order: RXMESH_RECORD_INVALID', () => {
    const forge = [
      (record: Uint8Array) => [record.map((byte, at) => byte ^ +(at === 500))],
      (record: Uint8Array) => [record, record],
      () => [new Uint8Array(1_044)],
    ];
    for (const change of forge) {
      const { pair, a, atB } = linked();
      pair.fromDialer = change;
      a.ping();
      a.flush();
      pair.settle();
      expect(atB.error?.code).toBe('RXMESH_RECORD_INVALID');
    }
  });
});

it('unlimited credit is a number that JSON keeps', () => {
  expect(JSON.parse(JSON.stringify(unlimitedCredit))).toBe(unlimitedCredit);
});
