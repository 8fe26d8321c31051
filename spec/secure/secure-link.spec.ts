import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ByeReason, Link } from '../../lib/transport/link.ts';
import { aeadRecords } from '../../lib/secure/records.ts';
import { SecureLink } from '../../lib/secure/secure-link.ts';
import { TestSocket, type SocketPair } from '../support/frame-socket-pair.ts';
import { connect, Recorder, selfA, selfB } from '../support/secure.ts';

const protections = ['encrypted', 'proven', 'trusted'] as const;
const payload = Uint8Array.of(0xaa, 0xbb, 0xcc);

interface Setup {
  readonly pair: SocketPair;
  readonly a: Link;
  readonly b: Link;
  readonly atA: Recorder;
  readonly atB: Recorder;
}

/** Two links, attached and accepted on both sides. */
function linked(protection: 'encrypted' | 'proven' | 'trusted' = 'encrypted'): Setup {
  const { pair, a, b } = connect(protection);
  const [atA, atB] = [new Recorder(), new Recorder()];
  a.attach(atA);
  b.attach(atB);
  for (const link of [a, b]) {
    link.accept();
    link.flush();
  }
  pair.settle();
  atA.heard.length = 0;
  atB.heard.length = 0;
  return { pair, a, b, atA, atB };
}

/** Lets `a` send the bytes as one plain record, whatever is in them. */
function injected(...records: number[][]): Setup {
  const setup = linked('proven');
  for (const record of records) setup.pair.dialer.send(Uint8Array.from(record));
  setup.pair.settle();
  return setup;
}

describe('a link', () => {
  it.each(protections)('carries all packets in order, a record a flush, %s', (protection) => {
    const { pair, a, atB } = linked(protection);
    const before = pair.dialer.sent.length;
    a.credit(5, 3, 70_000);
    a.data(5, payload, 0, 2, false);
    a.data(5, payload, 2, 3, true);
    a.channelClosed(6);
    a.ping();
    a.pong(1.5);
    expect(pair.dialer.sent).toHaveLength(before);
    a.flush();
    a.flush();
    expect(pair.dialer.sent).toHaveLength(before + 1);
    pair.settle();
    expect(atB.heard).toEqual([
      'credit 5 3 70000',
      'data 5 aabb',
      'data 5 cc last',
      'closed 6',
      'ping',
      'pong 1.5',
      'end of record',
    ]);
  });

  it('SC-01 carries messages of any size both ways at once, cut as room demands', () => {
    const { pair, a, b, atA, atB } = linked();
    const sizes = fc.array(fc.nat(200_000), { minLength: 1, maxLength: 4 });
    const send = (link: Link, sent: number[]): void => {
      for (const size of sent) {
        const message = new Uint8Array(size).map((_, at) => at * 7);
        let at = 0;
        do {
          if (link.room < 100) link.flush();
          const end = Math.min(size, at + link.room);
          link.data(9, message, at, end, end === size);
          at = end;
        } while (at < size);
      }
      link.flush();
    };
    const received = (recorder: Recorder): number[] => {
      const lengths: number[] = [];
      let length = 0;
      for (const line of recorder.heard) {
        const [, hex, last] = /^data 9 ([0-9a-f]*)( last)?/.exec(line) ?? [];
        if (hex === undefined) continue;
        const piece = Buffer.from(hex, 'hex');
        const from = length;
        expect(piece.every((byte, at) => byte === (((from + at) * 7) & 0xff))).toBe(true);
        length += piece.length;
        if (last === undefined) continue;
        lengths.push(length);
        length = 0;
      }
      return lengths;
    };
    fc.assert(
      fc.property(sizes, sizes, (fromA, fromB) => {
        atA.heard.length = atB.heard.length = 0;
        send(a, fromA);
        send(b, fromB);
        pair.settle();
        expect(received(atB)).toEqual(fromA);
        expect(received(atA)).toEqual(fromB);
      }),
      { numRuns: 10 },
    );
  });

  it.each(protections)('hands out views that nobody writes to again, %s', (protection) => {
    const { pair, a, atB } = linked(protection);
    a.data(1, payload, 0, 3, true);
    a.flush();
    pair.settle();
    a.data(1, new Uint8Array(60_000).fill(1), 0, 60_000, true);
    a.flush();
    pair.settle();
    expect(atB.views[0]).toEqual(payload);
  });

  it('seals by itself when a packet that is not data finds no space', () => {
    const { pair, a, atB } = linked();
    a.data(1, new Uint8Array(64_500), 0, 64_500, true);
    a.data(1, new Uint8Array(a.room), 0, a.room, true);
    expect(a.room).toBe(0);
    const before = pair.dialer.sent.length;
    a.ping(); // twice a 1-byte channel and a 3-byte length leave two bytes, less than a credit may take
    expect(pair.dialer.sent).toHaveLength(before + 1);
    a.flush();
    pair.settle();
    expect(atB.heard.slice(2)).toEqual(['end of record', 'ping', 'end of record']);
  });

  it('demands of its owner: accept first and once, pieces that fit, one receiver', () => {
    const { a } = connect();
    expect(() => a.data(1, payload, 0, 3, true)).toThrow(TypeError);
    a.accept();
    expect(() => a.accept()).toThrow(TypeError);
    const large = new Uint8Array(a.room + 1);
    expect(() => a.data(1, large, 0, large.length, true)).toThrow(RangeError);
    expect(() => a.data(1, large, 5, 4, true)).toThrow(RangeError);
    expect(() => a.data(1, large, 5, 5, false)).toThrow(RangeError);
    a.attach(new Recorder());
    expect(() => a.attach(new Recorder())).toThrow(TypeError);
  });

  it('passes on whether the socket can take more, and pauses it', () => {
    const { pair, a, atA } = linked();
    pair.dialer.writable = false;
    expect(a.writable).toBe(false);
    pair.dialer.writable = true;
    pair.dialer.drained.next();
    expect(a.writable).toBe(true);
    expect(atA.heard).toEqual(['drained']);
    a.pause(true);
    expect(pair.dialer.paused).toBe(true);
    a.close('done');
    expect(pair.dialer.paused).toBe(false); // or it would not notice the other side's close
    a.pause(true);
    expect(pair.dialer.paused).toBe(false);
    expect(a.writable).toBe(false);
  });

  it('keeps what arrives before attach, and hands it over in order', () => {
    const { pair, a, b } = connect();
    a.accept();
    for (const byte of [1, 2, 3]) {
      a.data(byte, payload, 0, byte, true);
      a.flush();
    }
    a.close('done', 'so long');
    pair.settle();
    const atB = new Recorder();
    b.attach(atB);
    expect(atB.heard.filter((line) => line !== 'end of record')).toEqual([
      'accepted',
      'data 1 aa last',
      'data 2 aabb last',
      'data 3 aabbcc last',
      'ended RXMESH_CONNECTION_CLOSED',
    ]);
    expect(atB.error?.message).toMatch(/done.*so long/);
  });

  it('reads a record that comes in during a call after the one that is being read', () => {
    const { pair, a, b, atB } = linked();
    a.data(1, payload, 0, 1, true);
    a.ping();
    a.flush();
    a.pong(1.5);
    a.flush();
    const [first, second] = pair.dialer.outbox;
    pair.dialer.outbox = [];
    atB.onData = () => {
      if (second) pair.listener.arrive(second);
    };
    if (first) pair.listener.arrive(first);
    expect(atB.heard).toEqual([
      'data 1 aa last',
      'ping',
      'end of record',
      'pong 1.5',
      'end of record',
    ]);
    expect(b.writable).toBe(true);
  });
});

describe('the end of a link', () => {
  it('T-19 is heard on both sides, once, after what was batched', () => {
    const { pair, a, b, atA, atB } = linked();
    a.data(1, payload, 0, 3, true);
    a.close('done', 'going home');
    a.close('done');
    expect(atA.heard).toEqual(['ended']);
    expect(pair.dialer.state).toBe('closed');
    pair.settle();
    expect(atB.heard).toEqual(['data 1 aabbcc last', 'ended RXMESH_CONNECTION_CLOSED']);
    expect(atB.error).toMatchObject({ peer: selfA.identity.id });
    expect(atB.error?.message).toBe('the peer closed the connection (done: "going home")');
    const sent = pair.listener.sent.length;
    b.data(1, payload, 0, 3, true);
    b.ping();
    b.flush();
    b.close('done');
    a.data(1, payload, 0, 3, true);
    a.flush();
    expect(pair.listener.sent).toHaveLength(sent);
    expect(atA.heard).toEqual(['ended']);
    expect(atB.heard).toHaveLength(2);
  });

  it.each<[ByeReason, string]>([
    ['done', 'RXMESH_PEER_REFUSED'],
    ['duplicate', 'RXMESH_DUPLICATE_CONNECTION'],
    ['full', 'RXMESH_PEERS_FULL'],
    ['refused', 'RXMESH_PEER_REFUSED'],
    ['incompatible', 'RXMESH_INCOMPATIBLE'],
    ['evicted', 'RXMESH_PEER_REFUSED'],
    ['violation', 'RXMESH_PEER_REFUSED'],
  ])('tells a refusal (%s) from a close', (reason, code) => {
    const early = connect();
    const refused = new Recorder();
    early.b.attach(refused);
    early.b.accept(); // our own accept does not matter
    early.a.close(reason);
    early.pair.settle();
    expect(refused.error).toMatchObject({ code, peer: selfA.identity.id });
    expect(refused.error?.message).toContain(reason);

    const late = linked();
    late.a.close(reason);
    late.pair.settle();
    expect(late.atB.error?.code).toBe('RXMESH_CONNECTION_CLOSED');
    expect(late.atB.error?.message).toContain(reason);
  });

  it('comes with an error when the socket closes without a bye, or fails', () => {
    const closed = linked();
    closed.pair.listener.arriveEnd();
    expect(closed.atB.error).toMatchObject({
      code: 'RXMESH_CONNECTION_CLOSED',
      peer: selfA.identity.id,
    });
    const broken = linked();
    broken.pair.listener.breakDown('cable cut');
    expect(broken.atB.error).toMatchObject({
      code: 'RXMESH_CONNECTION_FAILED',
      peer: selfA.identity.id,
    });
    expect(broken.pair.listener.state).toBe('destroyed');
  });

  it('is told at attach when it came before', () => {
    const { pair, b, a } = connect();
    pair.listener.arriveEnd();
    const atB = new Recorder();
    b.attach(atB);
    expect(atB.heard).toEqual(['ended RXMESH_CONNECTION_CLOSED']);
    a.close('done');
    const atA = new Recorder();
    a.attach(atA);
    expect(atA.heard).toEqual(['ended']);
  });

  it('is without an error after our own close, even if the socket reports its end from within', () => {
    const { pair, a, atA } = linked();
    pair.dialer.close = () => pair.dialer.arriveEnd();
    a.close('done');
    expect(atA.heard).toEqual(['ended']);
  });

  it('is without an error when the other side cuts the socket as it hears our bye', () => {
    const { pair, a, atA } = linked();
    pair.dialer.send = () => pair.dialer.arriveEnd();
    a.close('done');
    expect(atA.heard).toEqual(['ended']);
  });

  it('stops the record that is being read', () => {
    const { pair, a, b, atB } = linked();
    atB.onData = () => b.close('evicted');
    a.data(1, payload, 0, 1, true);
    a.data(1, payload, 0, 2, true);
    a.flush();
    a.ping();
    a.flush();
    pair.settle();
    expect(atB.heard).toEqual(['data 1 aa last', 'ended']);
  });

  it('leaves everything behind a bye unread', () => {
    const { atB } = injected([5, 7, 0, 0, 0xff], [0xff]);
    expect(atB.heard).toEqual(['ping', 'ended RXMESH_CONNECTION_CLOSED']);
  });
});

describe('a link with an evil peer', () => {
  it.each([
    ['SC-04 changes a byte', (frame: Uint8Array) => [frame.map((byte, at) => byte ^ +(at === 1))]],
    ['repeats a record', (frame: Uint8Array) => [frame, frame]],
    ['cuts a record', (frame: Uint8Array) => [frame.subarray(0, -1)]],
    ['sends an empty frame', () => [new Uint8Array()]],
    ['sends a hello once more', () => [Uint8Array.from(Buffer.from('rxm\x01\x01'.padEnd(37)))]],
  ])('ends when the wire %s', (_, tamper) => {
    const { pair, a, atA, atB } = linked();
    pair.fromDialer = tamper;
    a.ping();
    a.flush();
    pair.settle();
    expect(atB.error).toMatchObject({ code: 'RXMESH_RECORD_INVALID', peer: selfA.identity.id });
    expect(pair.listener.state).toBe('closed');
    expect(atA.error).toMatchObject({
      code: 'RXMESH_CONNECTION_CLOSED',
      peer: selfB.identity.id,
      message: expect.stringContaining('violation'),
    });
  });

  it('ends when records change places', () => {
    const { pair, a, atB } = linked();
    a.ping();
    a.flush();
    a.pong(1.5);
    a.flush();
    pair.dialer.outbox.reverse();
    pair.settle();
    expect(atB.heard).toEqual(['ended RXMESH_RECORD_INVALID']);
  });

  it.each([
    ['no packet', []],
    ['an unknown packet', [8]],
    ['a hello', [...Buffer.from('rxm\x01\x02'.padEnd(37))]],
    ['a packet cut short', [1, 5, 9, 0]],
    ['an accept once more', [4]],
    ['more than 131,072 bytes', new Array<number>(131_073).fill(5)],
  ])('ends at a record with %s, and says why', (_, record) => {
    const { atA, atB, pair } = injected(record);
    expect(atB.error).toMatchObject({
      code: 'RXMESH_PROTOCOL_VIOLATION',
      peer: selfA.identity.id,
    });
    expect(atB.heard).toHaveLength(1);
    expect(atA.error?.message).toContain(`violation: "${atB.error?.message ?? ''}"`);
    expect(pair.listener.state).toBe('closed');
  });

  it('takes a record of 131,072 bytes', () => {
    const { atB } = injected(new Array<number>(131_072).fill(5));
    expect(atB.heard).toHaveLength(131_073);
  });

  it('ends at data in front of the accept, of which the receiver hears nothing', () => {
    const { pair, b } = connect('proven');
    const atB = new Recorder();
    b.attach(atB);
    pair.dialer.send(Uint8Array.of(2, 5, 1, 9, 1, 5, 0, 4));
    pair.settle();
    expect(atB.heard).toEqual(['credit 5 1 9', 'ended RXMESH_PROTOCOL_VIOLATION']);
  });

  it('ends with RXMESH_RECORD_INVALID when no number is left for a record, on the side that writes as well', () => {
    const cipher = aeadRecords({ sendKey: new Uint8Array(32), receiveKey: new Uint8Array(32) }, 1);
    const { nodeInfo, identity } = selfA;
    const peer = { nodeInfo, publicKey: identity.publicKey, cipher };
    const link = new SecureLink(new TestSocket('outbound'), peer);
    const recorder = new Recorder();
    link.attach(recorder);
    for (let record = 0; record < 2; record += 1) {
      link.ping();
      link.flush();
    }
    expect(recorder.error).toMatchObject({ code: 'RXMESH_RECORD_INVALID', peer: nodeInfo.nodeId });
  });
});
