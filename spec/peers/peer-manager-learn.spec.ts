import { describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { addressesPerPeerMax } from '../../lib/peers/address-book.ts';
import { at, Bench, failure, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

/** A manager to which peers are connected from these IPs; each has a digit from 1. */
function told(ips: readonly string[], options = {}): Bench {
  const bench = new Bench(options);
  ips.forEach((ip, index) => {
    const remote: Endpoint = { protocol: 'ws', ip, port: 1 };
    bench.manager.accepted(id(String(index + 1)), remote);
    bench.manager.ready(id(String(index + 1)), 'inbound');
  });
  return bench;
}

const known = ({ manager }: Bench): string =>
  manager
    .peers()
    .map(({ id: peer }) => peer.slice(0, 1))
    .sort()
    .join('');

/** An address on the internet. */
const out = (digit: string, host: string = digit) => at(digit, `${host}.example.com`);

describe('PeerManager: learn', () => {
  it('learns strangers from a peer that is connected, and from no other', () => {
    const { manager } = told(['203.0.113.7']);
    expect(manager.learn(out('a'), id('1'))).toBe(true);
    expect(manager.learn(out('a'), id('1'))).toBe(false);
    expect(manager.learn(out('b'), id('2'))).toBe(false);
    expect(manager.learn(out('0'), id('1'))).toBe(false);
    expect(manager.peer(id('a'))).toMatchObject({ isChosen: false, addresses: [out('a')] });
    manager.disconnected(id('1'), 'inbound');
    expect(manager.learn(out('c'), id('1'))).toBe(false);
  });

  it('learns from a peer on the internet no address of a private network, and tells it none', () => {
    const { manager } = told(['203.0.113.7', '192.168.1.5', '127.0.0.1']);
    const local = at('a', 'localhost');
    const inside = at('b', '10.1.2.3');
    const outside = at('c', '198.51.100.9');
    const learned = (from: string): readonly boolean[] =>
      [local, inside, outside].map((address) => manager.learn(address, id(from)));
    expect(learned('1')).toEqual([false, false, true]);
    expect(learned('2')).toEqual([false, true, false]);
    expect(learned('3')).toEqual([true, false, false]);
    const toldTo = (peer: string) => new Set(manager.advertised(id(peer), 10));
    expect(toldTo('1')).toEqual(new Set([outside]));
    expect(toldTo('2')).toEqual(new Set([outside, inside]));
    expect(toldTo('3')).toEqual(new Set([outside, inside, local]));
  });

  it('ends no wait', () => {
    const bench = told(['203.0.113.7'], { retryMinMs: 1_000 });
    bench.manager.learn(out('a'), id('1'));
    bench.dial();
    bench.manager.dialFailed(out('a'), failure());
    expect(bench.newDials()).toEqual(['a@a.example.com']);
    bench.manager.learn(out('a'), id('1'));
    expect(bench.newDials()).toEqual([]);
  });

  it('adds no address beyond the limit to a persistent peer', () => {
    const persistent = Array.from({ length: addressesPerPeerMax }, (_, n) => at('a', `own-${n}`));
    const bench = told(['203.0.113.7'], { persistent });
    expect(bench.manager.learn(at('a', 'told'), id('1'))).toBe(false);
    expect(bench.manager.addresses(id('a'))).toEqual(persistent);
  });

  it('displaces no address that the application has named', () => {
    const named = out('c', 'named');
    const bench = told(['203.0.113.7'], { addresses: [named] }).dial();
    bench.newDials();
    bench.manager.dialFailed(named, failure());
    for (let n = 0; n < 2 * addressesPerPeerMax; n += 1) {
      bench.manager.learn(out('c', `told-${n}`), id('1'));
    }
    expect(bench.manager.addresses(id('c'))).toHaveLength(addressesPerPeerMax);
    expect(bench.manager.addresses(id('c'))).toContainEqual(named);
  });

  it('displaces no address that the peer itself has announced', () => {
    const bench = told(['203.0.113.7', '203.0.113.8'], { disconnectCooldownMs: 0 }).dial();
    bench.manager.announced(id('2'), [out('2', 'own')]);
    bench.manager.disconnected(id('2'), 'inbound');
    bench.manager.dialFailed(out('2', 'own'), failure());
    for (let n = 0; n < 2 * addressesPerPeerMax; n += 1) {
      bench.manager.learn(out('2', `told-${n}`), id('1'));
    }
    expect(bench.manager.addresses(id('2'))).toContainEqual(out('2', 'own'));
  });

  it('does not keep the application from naming an address', () => {
    const bench = told(['203.0.113.7']);
    for (let n = 0; n < addressesPerPeerMax; n += 1) {
      bench.manager.learn(out('c', `told-${n}`), id('1'));
    }
    expect(bench.manager.add(out('c', 'named'))).toBe(true);
    expect(bench.manager.addresses(id('c'))).toContainEqual(out('c', 'named'));
  });

  it('does not keep an address waiting that the application has named', () => {
    const named = out('c', 'named');
    const bench = told(['203.0.113.7'], { addresses: [named], retryMinMs: 1_000 }).dial();
    bench.newDials();
    bench.manager.dialFailed(named, failure());
    for (const host of ['x', 'y']) bench.manager.learn(out('c', host), id('1'));
    expect(bench.newDials()).toEqual(['c@x.example.com']);
    bench.time.advance(1_000);
    bench.manager.dialFailed(out('c', 'x'), failure());
    expect(bench.newDials()).toEqual(['c@named.example.com']);
  });

  it('keeps only so many from one host, whatever the names of its peers', () => {
    const bench = told(['203.0.113.7', '203.0.113.7', '198.51.100.1'], { maxPeers: 36 });
    const learned = ['4', '5', '6', '7', '8'].map((digit, index) =>
      bench.manager.learn(out(digit), id(index % 2 === 0 ? '1' : '2')),
    );
    expect(learned).toEqual([true, true, true, false, false]);
    expect(bench.manager.learn(out('9'), id('3'))).toBe(true);
    expect(known(bench)).toBe('1234569');
  });

  it('counts all addresses of an IPv6 /64 as one host', () => {
    const ips = ['2001:db8::1', '2001:db8::ffff:2', '2001:db8:0:1::1'];
    const bench = told(ips, { maxPeers: 36 });
    const learned = ['4', '5', '6', '7'].map((digit, index) =>
      bench.manager.learn(out(digit), id(index % 2 === 0 ? '1' : '2')),
    );
    expect(learned).toEqual([true, true, true, false]);
    expect(bench.manager.learn(out('8'), id('3'))).toBe(true);
  });

  it.each(['127.0.0.1', '::1'])('counts nothing that a peer at %s tells', (ip) => {
    const bench = told([ip], { maxPeers: 36 });
    const learned = ['4', '5', '6', '7', '8'].map((digit) =>
      bench.manager.learn(out(digit), id('1')),
    );
    expect(learned).toEqual([true, true, true, true, true]);
    expect(known(bench)).toBe('145678');
  });

  it('counts peers without an IP address each for themselves', () => {
    const bench = new Bench({ maxPeers: 36 }).accept('1', '2');
    const learned = ['4', '5', '6', '7'].map((digit) => bench.manager.learn(out(digit), id('1')));
    expect(learned).toEqual([true, true, true, false]);
    expect(bench.manager.learn(out('7'), id('2'))).toBe(true);
  });

  it('a peer that has been up, or that the application has named, makes room', () => {
    const bench = told(['203.0.113.7'], { maxPeers: 36 });
    for (const digit of ['4', '5', '6']) bench.manager.learn(out(digit), id('1'));
    expect(bench.manager.learn(out('7'), id('1'))).toBe(false);
    bench.add(out('4'));
    expect(bench.manager.learn(out('7'), id('1'))).toBe(true);
    bench.manager.accepted(id('5'));
    bench.manager.ready(id('5'), 'inbound');
    expect(bench.manager.learn(out('8'), id('1'))).toBe(true);
    expect(bench.manager.learn(out('9'), id('1'))).toBe(false);
    bench.manager.remove(id('6'));
    expect(bench.manager.learn(out('9'), id('1'))).toBe(true);
  });

  it('forgets peers that were never up before those that were', () => {
    const bench = told(['203.0.113.7', '198.51.100.1'], {
      maxConnected: 3,
      maxUpgrading: 0,
      maxPeers: 4,
      reserved: 0,
    });
    bench.manager.accepted(id('a'));
    bench.manager.ready(id('a'), 'inbound');
    bench.manager.learn(out('a'), id('1'));
    // It ranks below them, and yet it stays.
    bench.manager.report({ peer: id('a'), severity: 'note', reason: 'the test' });
    bench.manager.disconnected(id('a'), 'inbound');
    for (const digit of ['4', '5', '6']) {
      bench.manager.learn(out(digit), id('1'));
      bench.manager.learn(out(digit, 'x'), id('2'));
    }
    expect(known(bench)).toContain('a');
    expect(bench.manager.peers()).toHaveLength(4);
  });

  it('forgets what is beyond the share of a host when it leaves, whatever its name', () => {
    const bench = new Bench({ maxPeers: 36 }).add(at('c'));
    const visit = (digit: string, ip: string): void => {
      bench.manager.accepted(id(digit), { protocol: 'ws', ip, port: 1 });
      bench.manager.ready(id(digit), 'inbound');
      bench.manager.announced(id(digit), [out(digit)]);
      bench.manager.disconnected(id(digit), 'inbound');
    };
    for (const digit of ['1', '2', '3', '4', '5']) visit(digit, '203.0.113.7');
    expect(known(bench)).toBe('123c');
    // It still has room for those that it knows, for other hosts, and for chosen peers.
    for (const digit of ['1', 'c']) visit(digit, '203.0.113.7');
    visit('6', '198.51.100.1');
    visit('7', '127.0.0.1');
    expect(known(bench)).toBe('12367c');
    // One that is up does not count.
    bench.manager.accepted(id('1'), { protocol: 'ws', ip: '203.0.113.7', port: 1 });
    bench.manager.ready(id('1'), 'inbound');
    visit('8', '203.0.113.7');
    expect(known(bench)).toBe('123678c');
    bench.manager.disconnected(id('1'), 'inbound');
    expect(known(bench)).toBe('23678c');
  });

  it('the addresses of an IPv6 /64 are one such host, and loopback addresses are none', () => {
    const bench = new Bench({ maxPeers: 36 });
    for (const [nth, digit] of ['1', '2', '3', '4', '5'].entries()) {
      bench.manager.accepted(id(digit), { protocol: 'ws', ip: `2001:db8::${nth + 1}`, port: 1 });
      bench.manager.disconnected(id(digit), 'inbound');
    }
    for (const digit of ['a', 'b', 'c', 'd', 'e']) {
      bench.manager.accepted(id(digit), { protocol: 'ws', ip: '127.0.0.1', port: 1 });
      bench.manager.disconnected(id(digit), 'inbound');
    }
    expect(known(bench)).toBe('123abcde');
  });

  it('counts what a host tells and what it sends together', () => {
    const bench = told(['203.0.113.7'], { maxPeers: 36 });
    for (const digit of ['4', '5']) bench.manager.learn(out(digit), id('1'));
    bench.manager.accepted(id('6'), { protocol: 'ws', ip: '203.0.113.7', port: 1 });
    bench.manager.disconnected(id('6'), 'inbound');
    expect(bench.manager.learn(out('7'), id('1'))).toBe(false);
    bench.manager.setPersistent(id('6'), true);
    expect(bench.manager.learn(out('7'), id('1'))).toBe(true);
  });

  it('forgets peers that only came before one that it has reached itself', () => {
    const bench = new Bench({ maxPeers: 4, maxConnected: 4, maxUpgrading: 0, reserved: 0 });
    bench.manager.add(at('a'), { isChosen: false });
    bench.dial();
    bench.manager.dialed(at('a'));
    bench.manager.ready(id('a'), 'outbound');
    // It ranks below them, and yet it stays.
    bench.manager.report({ peer: id('a'), severity: 'note', reason: 'the test' });
    bench.manager.disconnected(id('a'), 'outbound');
    for (const digit of ['1', '2', '3', '4', '5', '6']) {
      bench.manager.accepted(id(digit));
      bench.manager.ready(id(digit), 'inbound');
      bench.manager.announced(id(digit), [out(digit)]);
      bench.manager.disconnected(id(digit), 'inbound');
    }
    expect(known(bench)).toContain('a');
    expect(bench.manager.peers()).toHaveLength(4);
  });

  it('does not bring back a peer that is being removed', () => {
    const bench = told(['203.0.113.7', '198.51.100.1']);
    bench.manager.remove(id('2'));
    expect(bench.manager.learn(out('2'), id('1'))).toBe(false);
  });
});

describe('PeerManager: connections that were brief', () => {
  /** The times between a disconnect and the next dial. */
  function pausesAfter(upMs: readonly number[], options: object): readonly number[] {
    const bench = new Bench({ disconnectCooldownMs: 1_000, ...options });
    const at1 = at('a');
    bench.add(at1).dial();
    return upMs.map((ms) => {
      bench.newDials();
      bench.manager.dialed(at1);
      bench.manager.ready(id('a'), 'outbound');
      bench.time.advance(ms);
      bench.manager.disconnected(id('a'), 'outbound');
      const fromMs = bench.time.clock.now();
      while (bench.newDials().length === 0) bench.time.advance(500);
      return bench.time.clock.now() - fromMs;
    });
  }

  it('doubles the cool-down with each in a row, up to the longest wait', () => {
    const brief = [10, 10, 59_999, 10, 10];
    const options = { retryMaxMs: 8_000 };
    expect(pausesAfter(brief, options)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
  });

  it('starts afresh after one that lasted', () => {
    expect(pausesAfter([10, 10, 60_000, 10], {})).toEqual([1_000, 2_000, 1_000, 1_000]);
  });

  it('does not wait without a cool-down, however many there were', () => {
    const bench = new Bench({ disconnectCooldownMs: 0 }).add(at('a')).dial();
    for (let visit = 0; visit < 1_100; visit += 1) {
      expect(bench.newDials()).toEqual(['a@host-a']);
      bench.manager.dialed(at('a'));
      bench.manager.ready(id('a'), 'outbound');
      bench.manager.disconnected(id('a'), 'outbound');
    }
  });

  it.each(['known', 'new'])('ends when the program adds an address that is %s', (which) => {
    const bench = new Bench({ disconnectCooldownMs: 2_000 }).add(at('a')).accept('a').dial();
    bench.manager.disconnected(id('a'), 'inbound');
    expect(bench.newDials()).toEqual([]);
    bench.add(which === 'known' ? at('a') : at('a', 'x'));
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('never waits less than the cool-down', () => {
    const options = { retryMaxMs: 500, retryMinMs: 500 };
    expect(pausesAfter([10, 10, 10], options)).toEqual([1_000, 1_000, 1_000]);
  });
});

trackLeaks();
