import { describe, expect, it } from '@jest/globals';
import { RxmeshError } from '../../lib/model/error.ts';
import { secureConnection } from '../../lib/secure/index.ts';
import { SocketPair } from '../support/frame-socket-pair.ts';
import { connect, linkOf, Recorder, seeds, selfA, selfB, shake } from '../support/secure.ts';

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

  it('connects two peers that dialed each other over one socket only if the roles differ', () => {
    const pair = new SocketPair();
    Object.assign(pair.listener, { direction: 'outbound' });
    const a = shake(pair.dialer, selfA);
    const b = shake(pair.listener, selfB);
    pair.settle();
    for (const { error } of [a, b])
      expect(error).toMatchObject({ code: 'RXMESH_HANDSHAKE_FAILED' });
  });

  it('may send its first message after three one-way flights', () => {
    const pair = new SocketPair();
    const a = shake(pair.dialer, selfA);
    const b = shake(pair.listener, selfB);
    expect([pair.dialer.sent.length, pair.listener.sent.length]).toEqual([1, 1]);
    pair.fly(); // 1: hellos
    expect(a.link).toBeUndefined();
    pair.fly(); // 2: introductions
    const [linkA, linkB] = [linkOf(a), linkOf(b)];
    const [heardA, heardB] = [new Recorder(), new Recorder()];
    linkA.attach(heardA);
    linkB.attach(heardB);
    for (const link of [linkA, linkB]) {
      link.accept();
      link.credit(5, 1, 9);
      link.flush();
    }
    pair.fly(); // 3: accept and credit
    expect(heardA.heard).toEqual(['accepted', 'credit 5 1 9', 'end of record']);
    expect(heardB.heard).toEqual(heardA.heard);
    linkA.data(5, Uint8Array.of(1), 0, 1, true);
    linkB.data(5, Uint8Array.of(2), 0, 1, true);
    for (const link of [linkA, linkB]) link.flush();
    pair.fly();
    expect(heardA.heard).toContain('data 5 02 last');
    expect(heardB.heard).toContain('data 5 01 last');
    expect(pair.fly()).toBe(false);
  });

  it('starts when it is subscribed, not before', () => {
    const pair = new SocketPair();
    const handshake = secureConnection(pair.dialer).handshake(selfA);
    expect(pair.dialer.sent).toHaveLength(0);
    handshake.subscribe().unsubscribe();
    expect(pair.dialer.sent).toHaveLength(1);
  });

  it('sends other ephemeral keys each time, and only then', () => {
    const key = (seed?: Uint8Array): string => {
      const { dialer } = new SocketPair();
      shake(dialer, selfA, seed === undefined ? {} : { ephemeralSeed: seed });
      return String(dialer.sent[0]);
    };
    expect(key()).not.toBe(key());
    expect(key(seeds.a.ephemeral)).toBe(key(seeds.a.ephemeral));
  });

  it('takes frames that came before the subscription, all at once', () => {
    const good = connect();
    const pair = new SocketPair();
    const options = { ephemeralSeed: seeds.a.ephemeral };
    const b = shake(pair.listener, selfB, { ephemeralSeed: seeds.b.ephemeral });
    const first = shake(pair.dialer, selfA, options);
    pair.settle();
    expect(linkOf(first).nodeInfo).toEqual(good.a.nodeInfo);
    linkOf(b).accept();
    linkOf(b).flush();

    const again = new SocketPair();
    for (const frame of pair.listener.sent) again.dialer.arrive(frame);
    const link = linkOf(shake(again.dialer, selfA, options));
    const recorder = new Recorder();
    link.attach(recorder);
    expect(recorder.heard).toEqual(['accepted', 'end of record']);
  });

  it('prints as text', () => {
    const { a } = connect();
    expect(secureConnection(new SocketPair().dialer).toString()).toBe(
      'encrypted connection, test socket, outbound',
    );
    expect(String(a)).toBe(`link to ${selfB.identity.id}, test socket, outbound`);
  });

  it('refuses an ephemeral seed that has not 32 bytes', () =>
    expect(() =>
      secureConnection(new SocketPair().dialer, { ephemeralSeed: new Uint8Array(31) }),
    ).toThrow(RangeError));

  it('shakes hands once', () => {
    const pair = new SocketPair();
    const connection = secureConnection(pair.dialer);
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
    const outcome = shake(pair.dialer, selfA);
    shake(pair.listener, selfB);
    pair.fly();
    pair.fromListener = () => [];
    pair.settle();
    expect([outcome.link, outcome.error]).toEqual([undefined, undefined]);
    outcome.unsubscribe();
    expect(pair.dialer.state).toBe('destroyed');
  });

  it('does nothing with what arrives after it was unsubscribed', () => {
    const pair = new SocketPair();
    const outcome = shake(pair.dialer, selfA);
    shake(pair.listener, selfB);
    outcome.unsubscribe();
    pair.settle();
    expect([outcome.link, outcome.error]).toEqual([undefined, undefined]);
    expect(pair.dialer.sent).toHaveLength(1);
  });

  it.each([0, 1])('SC-04 reports the end of the socket after %d flights', (flights) => {
    const pair = new SocketPair();
    const outcome = shake(pair.dialer, selfA);
    shake(pair.listener, selfB);
    for (let flight = 0; flight < flights; flight++) pair.fly();
    pair.listener.destroy();
    pair.fly();
    expect(outcome.error).toMatchObject({ code: 'RXMESH_CONNECTION_CLOSED' });
    expect(pair.dialer.state).toBe('destroyed');
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
    for (const frame of [...pair.dialer.sent]) pair.dialer.arrive(frame);
    expect(outcome.error).toMatchObject({ code: 'RXMESH_HANDSHAKE_FAILED' });
  });

  it('makes no link of good frames behind a bad one that waited with them', () => {
    const pair = new SocketPair();
    const options = { ephemeralSeed: seeds.a.ephemeral };
    shake(pair.listener, selfB);
    shake(pair.dialer, selfA, options);
    pair.settle();
    const again = new SocketPair();
    for (const frame of [Uint8Array.of(0), ...pair.listener.sent]) again.dialer.arrive(frame);
    const outcome = shake(again.dialer, selfA, options);
    expect(outcome.link).toBeUndefined();
    expect(outcome.error).toMatchObject({ code: 'RXMESH_HANDSHAKE_FAILED' });
    expect(again.dialer.state).toBe('destroyed');
  });

  it('tells a connection to itself on both ends', () => {
    const pair = new SocketPair();
    const outcomes = [shake(pair.dialer, selfA), shake(pair.listener, selfA)];
    pair.settle();
    for (const { error } of outcomes) {
      expect(error).toMatchObject({ code: 'RXMESH_SELF_CONNECTION', peer: selfA.identity.id });
    }
  });

  it('closes at once, also while hands are shaken, and twice', () => {
    const idle = new SocketPair();
    const connection = secureConnection(idle.dialer);
    connection.close();
    connection.close();
    expect(idle.dialer.state).toBe('destroyed');
    const errors: unknown[] = [];
    const observer = { error: (error: unknown) => errors.push(error) };
    connection.handshake(selfA).subscribe(observer);

    const busy = new SocketPair();
    const other = secureConnection(busy.dialer);
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
