import { describe, expect, it } from '@jest/globals';
import type { Ban } from '../../lib/peers/ban.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { at, Bench, codeOf, id, self } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

const from = (ip: string): Endpoint => ({ protocol: 'ws', ip, port: 1 });

/** Connects a peer from its side, up to ready. */
function connect(bench: Bench, digit: string, ip: string): void {
  bench.manager.accepted(id(digit), from(ip));
  bench.manager.ready(id(digit), 'inbound');
}

describe('S-07 PeerManager: ban', () => {
  it('of an id refuses it in both directions for that long and evicts it', () => {
    const bench = new Bench().add(at('a')).accept('a').dial();
    bench.manager.ban({ id: id('a'), forMs: 10_000 });
    expect(bench.evictions).toEqual([
      { peer: id('a'), error: expect.objectContaining({ code: 'RXMESH_PEER_BANNED' }) },
    ]);
    bench.manager.disconnected(id('a'), 'inbound');
    bench.time.advance(9_999);
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBe('RXMESH_PEER_BANNED');
    expect(bench.newDials()).toEqual([]);
    bench.time.advance(1);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('of a range refuses peers from there for that long and evicts connected ones', () => {
    const bench = new Bench({ banMs: 5_000 });
    connect(bench, 'a', '203.0.113.7');
    connect(bench, 'b', '203.0.114.7');
    connect(bench, 'c', '203.0.113.8');
    bench.manager.ban({ ip: '203.0.113.0/24' });
    expect(bench.newEvictions()).toEqual(['a', 'c']);
    const codes = () => [
      codeOf(() => bench.manager.accepted(id('d'), from('203.0.113.9'))),
      bench.manager.isIpBanned('203.0.113.9'),
      bench.manager.isIpBanned('203.0.114.9'),
    ];
    expect(codes()).toEqual(['RXMESH_PEER_BANNED', true, false]);
    bench.time.advance(4_999);
    expect(codes()).toEqual(['RXMESH_PEER_BANNED', true, false]);
    bench.time.advance(1);
    expect(codes()).toEqual([undefined, false, false]);
  });

  it('of a range applies to a dialed peer by the address of its connection', () => {
    const bench = new Bench().add(at('a')).dial();
    bench.manager.ban({ ip: '203.0.113.7' });
    expect(bench.newDials()).toEqual(['a@host-a']);
    expect(codeOf(() => bench.manager.dialed(at('a'), from('203.0.113.7')))).toBe(
      'RXMESH_PEER_BANNED',
    );
    bench.manager.accepted(id('a'), from('203.0.113.8'));
    bench.manager.ready(id('a'), 'inbound');
    expect(bench.newUpdates()).toEqual(['a up']);
  });

  it('forgets the address of a connection that has ended', () => {
    const bench = new Bench();
    connect(bench, 'a', '203.0.113.7');
    bench.manager.disconnected(id('a'), 'inbound');
    connect(bench, 'a', '203.0.114.7');
    bench.manager.ban({ ip: '203.0.113.7' });
    expect(bench.newEvictions()).toEqual([]);
  });

  it('lasts exactly its time even if the clock is set back', () => {
    let nowMs = 1_000_000;
    const { time } = new Bench();
    const bench = new Bench({
      clock: {
        now: () => nowMs,
        schedule: (work, delayMs) => time.clock.schedule(work, delayMs),
        afterTurn: (work) => time.clock.afterTurn(work),
      },
    });
    bench.manager.ban({ ip: '203.0.113.7', forMs: 1_000 });
    nowMs = 0;
    expect(bench.manager.isIpBanned('203.0.113.7')).toBe(true);
    nowMs = 999;
    expect(bench.manager.isIpBanned('203.0.113.7')).toBe(true);
    nowMs = 1_000;
    expect(bench.manager.isIpBanned('203.0.113.7')).toBe(false);
  });

  it('ends early by unban, for exactly what was banned', () => {
    const bench = new Bench().add(at('a')).dial();
    bench.stopDialing();
    bench.manager.ban({ id: id('a') });
    bench.manager.ban({ ip: '203.0.113.0/24' });
    expect(bench.manager.unban({ id: id('b') })).toBe(false);
    expect(bench.manager.unban({ ip: '203.0.113.7' })).toBe(false);
    expect(bench.manager.unban({ ip: '203.0.113.200/24' })).toBe(true);
    expect(bench.manager.isIpBanned('203.0.113.7')).toBe(false);
    expect(bench.manager.unban({ id: id('a') })).toBe(true);
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [{ id: 'someone' }, 'RXMESH_NODE_ID_INVALID'],
    [{ id: self }, 'RXMESH_SELF_CONNECTION'],
    [{ ip: 'example.com' }, 'RXMESH_ADDRESS_INVALID'],
    [{ ip: '203.0.113.0/33' }, 'RXMESH_ADDRESS_INVALID'],
  ])('rejects %j with %s', (ban, code) => {
    expect(codeOf(() => new Bench().manager.ban(ban as Ban))).toBe(code);
  });

  it.each<[unknown, typeof TypeError | typeof RangeError]>([
    [{}, TypeError],
    [null, TypeError],
    [{ id: id('a'), ip: '::1' }, TypeError],
    [{ ip: 7 }, TypeError],
    [{ peer: id('a') }, TypeError],
    [{ id: id('a'), forMs: -1 }, RangeError],
    [{ id: id('a'), forMs: NaN }, RangeError],
    [{ id: id('a'), forMs: Infinity }, RangeError],
    [{ id: id('a'), forMs: '1' }, RangeError],
  ])('does not accept %j', (ban, kind) => {
    expect(() => new Bench().manager.ban(ban as Ban)).toThrow(kind);
  });
});

describe('S-07 PeerManager: banHosts', () => {
  const report = (bench: Bench, digit: string, severity: 'ban' | 'disconnect'): void =>
    bench.manager.report({ peer: id(digit), severity, reason: 'enough' });

  it('bans the host of a peer that is banned by report, and evicts other peers from there', () => {
    const bench = new Bench({ banHosts: true, banMs: 5_000 });
    connect(bench, 'a', '2001:db8::1');
    connect(bench, 'b', '2001:db8::2');
    connect(bench, 'c', '2001:db8:0:1::1');
    report(bench, 'a', 'ban');
    expect(bench.newEvictions()).toEqual(['a', 'b']);
    const another = () => codeOf(() => bench.manager.accepted(id('d'), from('2001:db8::3')));
    expect(another()).toBe('RXMESH_PEER_BANNED');
    bench.time.advance(5_000);
    expect(another()).toBeUndefined();
  });

  it('bans the host of a peer that has left before the report, even if it is forgotten', () => {
    const bench = new Bench({ banHosts: true, maxPeers: 36 });
    ['a', 'b', 'c', 'd'].forEach((digit) => {
      connect(bench, digit, '203.0.113.7');
      bench.manager.disconnected(id(digit), 'inbound');
    });
    expect(bench.manager.peer(id('d'))).toBeUndefined();
    report(bench, 'd', 'ban');
    expect(bench.manager.isIpBanned('203.0.113.7')).toBe(true);
  });

  it('bans the host that a peer is at, rather than one that it has left', () => {
    const bench = new Bench({ banHosts: true });
    connect(bench, 'a', '203.0.113.7');
    bench.manager.disconnected(id('a'), 'inbound');
    connect(bench, 'a', '203.0.113.8');
    report(bench, 'a', 'ban');
    const isBanned = ['203.0.113.7', '203.0.113.8'].map((ip) => bench.manager.isIpBanned(ip));
    expect(isBanned).toEqual([false, true]);
  });

  it('bans no host of a peer that is only disconnected, and none by default', () => {
    const disconnecting = new Bench({ banHosts: true });
    connect(disconnecting, 'a', '203.0.113.7');
    report(disconnecting, 'a', 'disconnect');
    const byDefault = new Bench();
    connect(byDefault, 'a', '203.0.113.7');
    report(byDefault, 'a', 'ban');
    for (const { manager } of [disconnecting, byDefault])
      expect(manager.isIpBanned('203.0.113.7')).toBe(false);
  });

  it('must be true or false', () => {
    const make = () => new Bench({ banHosts: 'yes' as never });
    expect(make).toThrow('banHosts must be true or false');
  });
});

trackLeaks();
