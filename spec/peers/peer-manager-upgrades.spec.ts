import { describe, expect, it } from '@jest/globals';
import type { PeerManagerOptions } from '../../lib/peers/peer-manager-options.ts';
import { at, Bench, codeOf, failure, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

/** A manager that ranks peers by these numbers. All of them are chosen if added with `add`. */
function ranked(ranks: Readonly<Record<string, number>>, options: Partial<PeerManagerOptions>) {
  const rank = ({ id: peer }: { readonly id: string }): number => ranks[peer.slice(0, 1)] ?? 0;
  return new Bench({ rank, ...options });
}

/** Completes a dial, up to ready. */
function connect(bench: Bench, digit: string): void {
  bench.manager.dialed(at(digit));
  bench.manager.ready(id(digit), 'outbound');
}

function leave(bench: Bench, digit: string): void {
  bench.manager.disconnected(id(digit), 'inbound');
  bench.manager.disconnected(id(digit), 'outbound');
}

const codes = (bench: Bench, ...digits: string[]): unknown[] =>
  digits.map((digit) => codeOf(() => bench.manager.accepted(id(digit))));

describe('PeerManager: upgrades by dials', () => {
  it('PM-23 dials better peers beyond the limit, as many as there are upgrade slots', () => {
    const ranks = { a: 0, b: 1, c: 2, d: 3, e: 0 };
    const options = { maxConnected: 2, maxUpgrading: 1, disconnectCooldownMs: 100_000 };
    const bench = ranked(ranks, options).add(at('a')).dial();
    connect(bench, 'a');
    bench.add(at('b'));
    expect(bench.newDials()).toEqual(['a@host-a', 'b@host-b']);
    bench.add(at('c'));
    expect(bench.newDials()).toEqual(['c@host-c']);
    bench.add(at('d'));
    expect(bench.newDials()).toEqual([]);
    connect(bench, 'c');
    expect(bench.newDials()).toEqual([]);
    leave(bench, 'a');
    // One is still being dialed, and c ranks lower.
    expect(bench.newDials()).toEqual(['d@host-d']);
    connect(bench, 'd');
    expect(bench.newEvictions()).toEqual([]);
    bench.manager.dialFailed(at('b'), failure());
    bench.add(at('e'));
    expect(bench.newDials()).toEqual([]);
  });

  it('PM-23 leaves slots free without a peer to dial, and replaces no peer with an equal one', () => {
    const bench = ranked({ a: 2, b: 2 }, { maxConnected: 1, maxUpgrading: 4 });
    bench.add(at('a')).dial();
    connect(bench, 'a');
    bench.newDials();
    bench.add(at('b'), at('c'));
    expect(bench.newDials()).toEqual([]);
  });

  it('PM-24 dials no peer to replace one whose place is claimed', () => {
    const bench = ranked({ a: 0, b: 1, c: 1 }, { maxConnected: 1, maxUpgrading: 2 });
    bench.add(at('a')).dial();
    connect(bench, 'a');
    bench.add(at('b'), at('c'));
    expect(bench.newDials()).toEqual(['a@host-a', 'b@host-b']);
  });

  it('PM-30 dials the next peer if the dial that claimed a place fails', () => {
    const bench = ranked({ a: 0, b: 1, c: 1 }, { maxConnected: 1, maxUpgrading: 2 });
    bench.add(at('a')).dial();
    connect(bench, 'a');
    bench.add(at('b'), at('c'));
    bench.newDials();
    bench.manager.dialFailed(at('b'), failure());
    expect(bench.newDials()).toEqual(['c@host-c']);
  });

  it('PM-35 accepts a better peer beyond the limit, and no other until one has left', () => {
    const bench = ranked({ a: 0, b: 0, c: 1, d: 2 }, { maxConnected: 2, maxUpgrading: 1 });
    bench.add(at('a'), at('b'), at('d')).accept('a', 'b');
    bench.stopEvictions();
    bench.add(at('c'));
    bench.manager.dialed(at('c'));
    bench.manager.ready(id('c'), 'outbound');
    expect(codeOf(() => bench.manager.dialed(at('d')))).toBe('RXMESH_PEERS_FULL');
    bench.takeEvictions();
    const [evicted = ''] = bench.newEvictions();
    leave(bench, evicted);
    expect(codeOf(() => bench.manager.dialed(at('d')))).toBeUndefined();
  });

  it('PM-37, PM-52 evicts the replaced peer once the better one is up', () => {
    const bench = ranked({ a: 0, b: 1, c: 1 }, { maxConnected: 1, maxUpgrading: 2 });
    bench.add(at('a')).dial();
    connect(bench, 'a');
    bench.add(at('b'), at('c'));
    bench.manager.dialed(at('b'));
    expect(bench.newEvictions()).toEqual([]);
    bench.manager.ready(id('b'), 'outbound');
    expect(bench.newDials()).toEqual(['a@host-a', 'b@host-b']);
    expect(bench.evictions).toEqual([
      { peer: id('a'), error: expect.objectContaining({ code: 'RXMESH_PEER_REPLACED' }) },
    ]);
    leave(bench, 'a');
    expect(bench.newDials()).toEqual([]);
  });

  it('PM-38 evicts an even lower-ranked peer that connected meanwhile instead of the claimed one', () => {
    const ranks = { a: 3, b: 2, c: 4, d: 1 };
    const bench = ranked(ranks, { maxConnected: 2, maxUpgrading: 1, reserved: 0 });
    bench.accept('a', 'b').add(at('c')).dial();
    expect(bench.newDials()).toEqual(['c@host-c']);
    leave(bench, 'a');
    bench.accept('d');
    connect(bench, 'c');
    expect(bench.newEvictions()).toEqual(['d']);
  });

  it('PM-39 evicts nobody if a slot has become free meanwhile', () => {
    const options = { maxConnected: 2, maxUpgrading: 1, reserved: 0 };
    const bench = ranked({ a: 0, b: 1, c: 2 }, options).accept('a', 'b').add(at('c')).dial();
    expect(bench.newDials()).toEqual(['c@host-c']);
    leave(bench, 'b');
    connect(bench, 'c');
    expect(bench.newEvictions()).toEqual([]);
    expect(bench.newUpdates()).toEqual(['a up', 'b up', 'b down', 'c up']);
  });

  it('evicts a newcomer that is no better than any other by the time it is up', () => {
    const bench = new Bench({ maxConnected: 1, maxUpgrading: 1, reserved: 0 }).accept('a');
    const praise = (digit: string): void =>
      bench.manager.report({ peer: id(digit), severity: 'note', good: true, reason: 'well done' });
    bench.add(at('b'));
    praise('b');
    bench.manager.accepted(id('b'));
    praise('a');
    bench.manager.ready(id('b'), 'inbound');
    expect(bench.newEvictions()).toEqual(['b']);
  });

  it('replaces nobody if maxUpgrading is 0', () => {
    const bench = ranked({ b: 1 }, { maxConnected: 1, maxUpgrading: 0, reserved: 0 }).accept('a');
    bench.add(at('b')).dial();
    expect([bench.newDials(), codes(bench, 'b')]).toEqual([[], ['RXMESH_PEERS_FULL']]);
  });
});

describe('PeerManager: upgrades by strangers beyond wanted', () => {
  const options = { maxConnected: 4, wanted: 1, maxUpgrading: 1, reserved: 0 };

  function hear(bench: Bench, ...digits: string[]): void {
    for (const digit of digits) bench.manager.add(at(digit), { isChosen: false });
  }

  it('replace the lowest ranked peer although slots are free, one after another', () => {
    const bench = ranked({ a: 0, b: 1, c: 2 }, options).dial();
    hear(bench, 'a');
    connect(bench, 'a');
    hear(bench, 'b', 'c');
    expect(bench.newDials()).toEqual(['a@host-a', 'b@host-b']);
    connect(bench, 'b');
    expect(bench.newDials()).toEqual([]);
    expect(bench.evictions).toEqual([
      { peer: id('a'), error: expect.objectContaining({ code: 'RXMESH_PEER_REPLACED' }) },
    ]);
    leave(bench, 'a');
    expect(bench.newDials()).toEqual(['c@host-c']);
    connect(bench, 'c');
    expect(bench.newEvictions()).toEqual(['a', 'b']);
  });

  it('leave the number of peers as it is, also where others have dialed this node', () => {
    const bench = ranked({ a: 0, b: 1, c: 1, d: 2 }, options).accept('a', 'b', 'c').dial();
    hear(bench, 'd');
    expect(bench.newDials()).toEqual(['d@host-d']);
    connect(bench, 'd');
    expect(bench.newEvictions()).toEqual(['a']);
  });

  it('replace nobody if there are only as many as wanted by then', () => {
    const bench = ranked({ a: 0, b: 1, c: 2 }, { ...options, wanted: 2 })
      .accept('a', 'b')
      .dial();
    hear(bench, 'c');
    expect(bench.newDials()).toEqual(['c@host-c']);
    leave(bench, 'b');
    connect(bench, 'c');
    expect(bench.newEvictions()).toEqual([]);
  });

  it('replace nobody if the dial fails, and the peer comes by itself', () => {
    const bench = ranked({ a: 0, b: 1 }, options).accept('a').dial();
    hear(bench, 'b');
    expect(bench.newDials()).toEqual(['b@host-b']);
    bench.manager.accepted(id('b'));
    bench.manager.dialFailed(at('b'), failure());
    bench.manager.ready(id('b'), 'inbound');
    expect(bench.newEvictions()).toEqual([]);
  });

  it('are not dialed if maxUpgrading is 0, nor while as many peers leave', () => {
    const none = ranked({ b: 1 }, { ...options, maxUpgrading: 0 })
      .accept('a')
      .dial();
    hear(none, 'b');
    expect(none.newDials()).toEqual([]);
    const one = ranked({ c: 1 }, options).accept('a', 'b').dial();
    one.manager.disconnect(id('a'));
    hear(one, 'c');
    expect(one.newDials()).toEqual([]);
    leave(one, 'a');
    expect(one.newDials()).toEqual(['c@host-c']);
  });
});

describe('PeerManager: upgrades from outside', () => {
  it('PM-45 accepts only a better peer, and only while an upgrade slot is free', () => {
    const bench = ranked({ a: 0, b: 0, c: 1, d: 2 }, { maxConnected: 1, maxUpgrading: 1 });
    bench.stopEvictions();
    bench.accept('a');
    expect(codes(bench, 'b', 'c', 'b', 'd')).toEqual([
      'RXMESH_PEERS_FULL',
      undefined,
      'RXMESH_PEERS_FULL',
      'RXMESH_PEERS_FULL',
    ]);
    bench.manager.ready(id('c'), 'inbound');
    expect(codes(bench, 'b', 'd')).toEqual(['RXMESH_PEERS_FULL', 'RXMESH_PEERS_FULL']);
    leave(bench, 'a');
    expect(codes(bench, 'b', 'd')).toEqual(['RXMESH_PEERS_FULL', undefined]);
  });

  it('PM-46 accepts no peer that only equals one which connected to replace another', () => {
    const bench = ranked({ a: 0, b: 1, c: 1 }, { maxConnected: 1, maxUpgrading: 2 }).accept('a');
    bench.accept('b');
    expect(codes(bench, 'c')).toEqual(['RXMESH_PEERS_FULL']);
    expect(bench.newEvictions()).toEqual(['a']);
    leave(bench, 'a');
    expect(codes(bench, 'c')).toEqual(['RXMESH_PEERS_FULL']);
  });

  it('PM-47, PM-53 lets a peer that is dialed to replace another connect by itself', () => {
    const options = { maxConnected: 1, maxUpgrading: 2, reserved: 0 };
    const bench = ranked({ a: 0, b: 1, c: 1 }, options).accept('a').add(at('b')).dial();
    expect(bench.newDials()).toEqual(['b@host-b']);
    expect(codes(bench, 'c', 'b')).toEqual(['RXMESH_PEERS_FULL', undefined]);
    bench.manager.ready(id('b'), 'inbound');
    expect(bench.newEvictions()).toEqual(['a']);
    expect(codeOf(() => bench.manager.dialed(at('b')))).toBe('RXMESH_DUPLICATE_CONNECTION');
  });

  it('may replace a peer that left while its place was claimed and then returned', () => {
    const ranks = { a: 0, b: 1, c: 2, d: 3 };
    const bench = ranked(ranks, { maxConnected: 2, maxUpgrading: 2 }).accept('a', 'b');
    expect(codes(bench, 'c')).toEqual([undefined]);
    leave(bench, 'a');
    leave(bench, 'b');
    bench.accept('a');
    bench.accept('d');
    expect(bench.newEvictions()).toEqual([]);
    leave(bench, 'a');
    bench.manager.ready(id('c'), 'inbound');
    expect(bench.newEvictions()).toEqual([]);
    expect(bench.newUpdates().slice(-2)).toEqual(['a down', 'c up']);
  });

  it('evicts nobody for a peer that never comes up', () => {
    const bench = ranked({ b: 1, c: 1 }, { maxConnected: 1, maxUpgrading: 1 }).accept('a');
    bench.manager.accepted(id('b'));
    bench.manager.disconnected(id('b'), 'inbound');
    expect(bench.newEvictions()).toEqual([]);
    bench.accept('c');
    expect(bench.newEvictions()).toEqual(['a']);
  });

  it('never replaces a persistent or an unconditional peer', () => {
    const options = { persistent: [at('a')], unconditional: [id('b')], maxConnected: 1 };
    const bench = ranked({ c: 9 }, options).accept('a', 'b');
    expect(codes(bench, 'c')).toEqual(['RXMESH_PEERS_FULL']);
  });

  it('evicts nobody for the remainder of an old report', () => {
    const options = { maxConnected: 1, reserved: 0, scoreHalfLifeMs: 1_000 };
    const bench = new Bench(options).accept('a');
    bench.manager.report({ peer: id('a'), severity: 'note', reason: 'late' });
    expect(codes(bench, 'b')).toEqual([undefined]);
    bench.manager.disconnected(id('b'), 'inbound');
    bench.time.advance(1_001);
    expect(codes(bench, 'b')).toEqual(['RXMESH_PEERS_FULL']);
  });
});

trackLeaks();
