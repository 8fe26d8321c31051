import { platformCrypto } from '#platform/crypto';
import { describe, expect, it } from '@jest/globals';
import { RxmeshError } from '../../lib/model/error.ts';
import { parseNodeId } from '../../lib/model/id.ts';
import { secureDial, type SecureConnectionOptions } from '../../lib/secure/index.ts';
import type { Link } from '../../lib/transport/link.ts';
import { SocketPair, type TestSocket } from '../support/frame-socket-pair.ts';
import { collectGarbage } from '../support/garbage.ts';
import {
  connect,
  connectionOn,
  linkOf,
  Recorder,
  seeds,
  selfA,
  selfB,
  selfOf,
  shake,
} from '../support/secure.ts';

const protections = ['encrypted', 'proven', 'trusted'] as const;

function evil(): { pair: SocketPair; outcome: ReturnType<typeof shake> } {
  const pair = new SocketPair();
  return { pair, outcome: shake(pair.dialer, selfA) };
}

describe('secureConnection', () => {
  it.each(protections)('T-12 SC-01 SC-04 connects two good peers, %s', (protection) => {
    const { pair, a, b } = connect(protection);
    expect(a.nodeInfo).toEqual(selfB.nodeInfo);
    expect(b.nodeInfo).toEqual(selfA.nodeInfo);
    expect(a.publicKey).toEqual(selfB.identity.publicKey);
    expect(b.publicKey).toEqual(selfA.identity.publicKey);
    expect([a.direction, b.direction]).toEqual(['outbound', 'inbound']);
    expect([a.local, a.remote]).toEqual([b.remote, b.local]);
    expect([a.hasCredit, a.fragmentBytesMax]).toEqual([true, 66_560]);
    expect([pair.dialer.state, pair.listener.state]).toEqual(['open', 'open']);
  });

  it('offers AES where this machine is faster with it, unless it must not', () => {
    const lengthOf = (options: { aes?: boolean }): number => {
      const pair = new SocketPair();
      shake(pair.dialer, selfA);
      shake(pair.listener, selfB, options);
      return pair.listener.sent[0]?.length ?? 0;
    };
    const named = platformCrypto.fastAes256Gcm() === undefined ? 0 : 'aes-256-gcm'.length + 2;
    expect(lengthOf({}) - lengthOf({ aes: false })).toBe(named);
  });

  it('uses the socket that it was wrapped in, and takes none once the handshake has begun', () => {
    const pair = new SocketPair();
    const connection = connectionOn(pair.dialer);
    const b = shake(pair.listener, selfB);
    let sent = 0;
    connection.wrapSocket?.((socket) => {
      const send = socket.send.bind(socket);
      return Object.assign(socket, {
        send: (frame: Uint8Array) => {
          sent += 1;
          send(frame);
        },
      });
    });
    connection.handshake(selfA, selfB.identity.id).subscribe();
    pair.settle();
    expect(linkOf(b).nodeInfo).toEqual(selfA.nodeInfo);
    expect(sent).toBeGreaterThan(0);
    expect(() => connection.wrapSocket?.((socket) => socket)).toThrow(TypeError);
  });

  it('keeps nothing of the handshake, such as its ephemeral key, while the link lives', async () => {
    const pair = new SocketPair();
    // In functions of their own, so that no variable here keeps what they made.
    const begin = (socket: TestSocket, seed: Uint8Array) => {
      const self = selfOf(seed);
      return { outcome: shake(socket, self), self: new WeakRef(self) };
    };
    const a = begin(pair.dialer, seeds.a.identity);
    const b = begin(pair.listener, seeds.b.identity);
    pair.settle();
    const links = [linkOf(a.outcome), linkOf(b.outcome)];
    await collectGarbage();
    expect([a.self.deref(), b.self.deref()]).toEqual([undefined, undefined]);
    expect(links.map(({ writable }) => writable)).toEqual([true, true]);
  });

  it('two dialers over one socket wait for each other: the listener speaks first', () => {
    const pair = new SocketPair();
    Object.assign(pair.listener, { direction: 'outbound' });
    const outcomes = [shake(pair.dialer, selfA), shake(pair.listener, selfB)];
    expect(pair.settle()).toBe(0);
    for (const { link, error } of outcomes) expect([link, error]).toEqual([undefined, undefined]);
  });

  it('brings the first message of the listener with the third flight behind the dial', () => {
    const pair = new SocketPair();
    const a = shake(pair.dialer, selfA, { expected: selfB.identity.id });
    const b = shake(pair.listener, selfB);
    expect([pair.dialer.sent.length, pair.listener.sent.length]).toEqual([0, 1]);
    pair.fly(); // 1: the listener's hello and introduction
    const linkA = linkOf(a);
    const [heardA, heardB] = [new Recorder(), new Recorder()];
    const announce = (link: Link, receiver: Recorder): void => {
      link.attach(receiver);
      link.accept();
      link.credit(5, 1, 9);
      link.flush();
    };
    announce(linkA, heardA);
    expect(b.link).toBeUndefined();
    pair.fly(); // 2: the dialer's introduction, accept and credit
    const linkB = linkOf(b);
    announce(linkB, heardB);
    expect(heardB.heard).toEqual(['accepted', 'credit 5 1 9', 'end of record']);
    linkB.data(5, Uint8Array.of(2), 0, 1, true);
    linkB.flush();
    pair.fly(); // 3: the listener's accept and credit, and a message
    const told = ['accepted', 'credit 5 1 9', 'end of record', 'data 5 02 last', 'end of record'];
    expect(heardA.heard).toEqual(told);
    linkA.data(5, Uint8Array.of(1), 0, 1, true);
    linkA.flush();
    pair.fly(); // 4
    expect(heardB.heard).toContain('data 5 01 last');
    expect(pair.fly()).toBe(false);
  });

  it('S-04 tells an impostor nothing but its ephemeral key', () => {
    const pair = new SocketPair();
    const expected = parseNodeId('0'.repeat(40));
    const a = shake(pair.dialer, selfA, { expected });
    const b = shake(pair.listener, selfB);
    pair.settle();
    expect(a.error).toMatchObject({
      code: 'RXMESH_IDENTITY_MISMATCH',
      peer: selfB.identity.id,
      message: `dialed ${expected}, but ${selfB.identity.id} answered`,
    });
    expect([pair.dialer.sent, pair.dialer.state]).toEqual([[], 'destroyed']);
    expect(b.error).toMatchObject({ code: 'RXMESH_CONNECTION_CLOSED' });
  });

  it('starts when it is subscribed, not before', () => {
    const pair = new SocketPair();
    connectionOn(pair.dialer);
    const handshake = connectionOn(pair.listener).handshake(selfB);
    expect(pair.listener.sent).toHaveLength(0);
    handshake.subscribe().unsubscribe();
    expect(pair.listener.sent).toHaveLength(1);
  });

  it('begins with other ephemeral keys each time, unless it is given one', () => {
    const key = (options: SecureConnectionOptions = {}): string =>
      String(secureDial(options).hello);
    expect(key()).not.toBe(key());
    const given = { ephemeralSeed: seeds.a.ephemeral };
    expect(key(given)).toBe(key(given));
  });

  it('makes one connection of a dial', () => {
    const dial = secureDial();
    dial.connect(new SocketPair().dialer);
    expect(() => dial.connect(new SocketPair().dialer)).toThrow(TypeError);
  });

  it('takes frames that came before the subscription, all at once', () => {
    const pair = new SocketPair();
    const connection = connectionOn(pair.dialer);
    const options = { ephemeralSeed: seeds.b.ephemeral };
    const b = shake(pair.listener, selfB, options);
    pair.settle();
    const links: Link[] = [];
    connection.handshake(selfA).subscribe((link) => links.push(link));
    expect(links[0]?.nodeInfo).toEqual(selfB.nodeInfo);
    links[0]?.accept();
    links[0]?.flush();
    const [introduction, record] = pair.dialer.sent;

    const again = new SocketPair();
    again.listener.hello = pair.dialer.hello;
    for (const frame of [introduction, record]) again.listener.arrive(frame ?? new Uint8Array());
    const link = linkOf(shake(again.listener, selfB, options));
    expect(b.link).toBeUndefined();
    const recorder = new Recorder();
    link.attach(recorder);
    expect(recorder.heard).toEqual(['accepted', 'end of record']);
  });

  it('prints as text', () => {
    const { a } = connect();
    expect(connectionOn(new SocketPair().dialer).toString()).toBe(
      'encrypted connection, test socket, outbound',
    );
    expect(String(a)).toBe(`link to ${selfB.identity.id}, test socket, outbound`);
  });

  it('refuses an ephemeral seed that has not 32 bytes', () => {
    const options = { ephemeralSeed: new Uint8Array(31) };
    for (const socket of [new SocketPair().dialer, new SocketPair().listener])
      expect(() => connectionOn(socket, options)).toThrow(RangeError);
  });

  it('shakes hands once', () => {
    const pair = new SocketPair();
    const connection = connectionOn(pair.dialer);
    connection.handshake(selfA).subscribe({ error: () => undefined });
    const errors: unknown[] = [];
    connection.handshake(selfA).subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toEqual([expect.any(TypeError)]);
    expect(pair.dialer.state).toBe('open');
  });
});

describe('secureConnection with an evil peer', () => {
  it('SC-04 T-13 waits for a withheld hello until it is unsubscribed', () => {
    const { pair, outcome } = evil();
    pair.settle();
    expect(outcome).toMatchObject({ completed: false });
    expect(outcome.error).toBeUndefined();
    outcome.unsubscribe();
    expect(pair.dialer.state).toBe('destroyed');
    expect(outcome).toMatchObject({ completed: false });
  });

  it('SC-04 waits for a withheld introduction until it is unsubscribed', () => {
    const pair = new SocketPair();
    shake(pair.dialer, selfA);
    const outcome = shake(pair.listener, selfB);
    pair.fromDialer = () => [];
    pair.settle();
    expect([outcome.link, outcome.error]).toEqual([undefined, undefined]);
    outcome.unsubscribe();
    expect(pair.listener.state).toBe('destroyed');
  });

  it('does nothing with what arrives after it was unsubscribed', () => {
    const pair = new SocketPair();
    const outcome = shake(pair.dialer, selfA);
    shake(pair.listener, selfB);
    outcome.unsubscribe();
    pair.settle();
    expect([outcome.link, outcome.error]).toEqual([undefined, undefined]);
    expect(pair.dialer.sent).toHaveLength(0);
  });

  it('SC-04 reports the end of the socket to the side that waits', () => {
    const early = new SocketPair();
    const dialer = shake(early.dialer, selfA);
    early.listener.destroy();
    early.fly();
    const late = new SocketPair();
    shake(late.dialer, selfA);
    const listener = shake(late.listener, selfB);
    late.dialer.destroy();
    late.fly();
    for (const { error } of [dialer, listener])
      expect(error).toMatchObject({ code: 'RXMESH_CONNECTION_CLOSED' });
    expect([early.dialer.state, late.listener.state]).toEqual(['destroyed', 'destroyed']);
  });

  it('reports a socket that fails', () => {
    const { pair, outcome } = evil();
    pair.dialer.breakDown('cable cut');
    expect(outcome.error).toMatchObject({ code: 'RXMESH_CONNECTION_FAILED', message: 'cable cut' });
  });

  it('SC-04 refuses a malformed hello, and closes', () => {
    const { pair, outcome } = evil();
    pair.dialer.arrive(Uint8Array.of(1, 2, 3));
    expect(outcome.error).toMatchObject({ code: 'RXMESH_HANDSHAKE_FAILED' });
    expect(pair.dialer.state).toBe('destroyed');
  });

  it('refuses its own hello', () => {
    const { pair, outcome } = evil();
    pair.dialer.arrive(pair.dialer.hello);
    expect(outcome.error).toMatchObject({ code: 'RXMESH_HANDSHAKE_FAILED' });
  });

  it('makes no link of good frames behind a bad one that waited with them', () => {
    const pair = new SocketPair();
    const options = { ephemeralSeed: seeds.a.ephemeral };
    shake(pair.dialer, selfA, options);
    shake(pair.listener, selfB);
    pair.settle();
    const again = new SocketPair();
    for (const frame of [Uint8Array.of(0), ...pair.listener.sent]) again.dialer.arrive(frame);
    const outcome = shake(again.dialer, selfA, options);
    expect(outcome.link).toBeUndefined();
    expect(outcome.error).toMatchObject({ code: 'RXMESH_HANDSHAKE_FAILED' });
    expect(again.dialer.state).toBe('destroyed');
  });

  it('tells a connection to itself, on both sides', () => {
    const pair = new SocketPair();
    const dialer = shake(pair.dialer, selfA, { expected: selfA.identity.id });
    const listener = shake(pair.listener, selfA);
    pair.settle();
    const code = 'RXMESH_SELF_CONNECTION';
    expect(dialer.error).toMatchObject({ code, peer: selfA.identity.id });
    expect(listener.error).toMatchObject({ code, peer: selfA.identity.id });
    // The introduction is written out before the socket closes.
    expect(pair.dialer.sent).toHaveLength(1);
    expect(pair.dialer.state).toBe('closed');
  });

  it('SC-04 refuses a dial without a good hello, and says nothing', () => {
    const pair = new SocketPair();
    pair.listener.hello = Uint8Array.of(1, 2, 3);
    const { error } = shake(pair.listener, selfB);
    expect(error).toMatchObject({ code: 'RXMESH_HANDSHAKE_FAILED' });
    expect([pair.listener.sent, pair.listener.state]).toEqual([[], 'destroyed']);
  });

  it('closes at once, also while hands are shaken, and twice', () => {
    const idle = new SocketPair();
    const connection = connectionOn(idle.dialer);
    connection.close();
    connection.close();
    expect(idle.dialer.state).toBe('destroyed');
    const errors: unknown[] = [];
    const observer = { error: (error: unknown) => errors.push(error) };
    connection.handshake(selfA).subscribe(observer);

    const busy = new SocketPair();
    const other = connectionOn(busy.dialer);
    other.handshake(selfA).subscribe(observer);
    other.close();
    other.close();
    expect(busy.dialer.state).toBe('destroyed');
    expect(errors.map((error) => error instanceof RxmeshError && error.code)).toEqual([
      'RXMESH_CONNECTION_CLOSED',
      'RXMESH_CONNECTION_CLOSED',
    ]);
  });
});
