import { describe, expect, it } from '@jest/globals';
import { at, Bench, codeOf, failure, id } from './fixture.ts';
import { blame, praise, scores } from './scoring.ts';
import { trackLeaks } from '../support/leaks.ts';

const hour = 3_600_000;

describe('PeerManager: scores', () => {
  it('PM-08 gives persistent peers the highest score and others the reported one, and knows all addresses', () => {
    const rank = ({ id: peer }: { readonly id: string }): number => Number(peer === id('b'));
    const addresses = ['a', 'b', 'c'].flatMap((digit) => [at(digit), at(digit, 'x')]);
    const bench = new Bench({ persistent: [at('a')], addresses, rank });
    const records = bench.manager.peers();
    expect(records.map((peer) => [peer.id[0], peer.score, peer.rank])).toEqual([
      ['a', 32_767, 0],
      ['b', 0, 1],
      ['c', 0, 0],
    ]);
    for (const { id: peer, addresses: known } of records) {
      expect(known).toEqual([at(peer.slice(0, 1)), at(peer.slice(0, 1), 'x')]);
    }
  });

  it('B-07 rise and fall by one with a good and a bad note', () => {
    const bench = new Bench().accept('a', 'b');
    praise(bench, 'a', 3);
    blame(bench, 'b', 'note');
    expect(scores(bench)).toEqual(['a 3', 'b -1']);
    expect(bench.newEvictions()).toEqual([]);
  });

  it('B-08 lose a point for each failed dial, until one succeeds', () => {
    const bench = new Bench({ retryMinMs: 1_000, scoreHalfLifeMs: 0 }).add(at('a'), at('b')).dial();
    praise(bench, 'a');
    bench.manager.dialFailed(at('a'), failure());
    bench.manager.dialFailed(at('b'), failure());
    expect(scores(bench)).toEqual(['a 0', 'b -1']);
    bench.time.advance(1_000);
    for (const digit of ['a', 'b']) {
      bench.manager.dialed(at(digit));
      bench.manager.ready(id(digit), 'outbound');
    }
    expect(scores(bench)).toEqual(['a 1', 'b 0']);
  });

  it('B-09 order the dials: 300 before 256 before 0 before -100', () => {
    const bench = new Bench({ maxDialing: 1, banMs: 0 }).add(at('a'), at('b'), at('c'), at('d'));
    blame(bench, 'a', 'ban');
    praise(bench, 'b', 256);
    praise(bench, 'd', 300);
    expect(bench.known()).toEqual(['d', 'b', 'c', 'a']);
    bench.manager.dials$.subscribe((address) => {
      bench.dials.push(address);
      bench.time.clock.schedule(() => bench.manager.dialed(address), 1);
    });
    bench.time.advance(10);
    expect(bench.newDials().map(([digit]) => digit)).toEqual(['d', 'b', 'c', 'a']);
  });

  it('halve with each half-life, which changes no order', () => {
    const bench = new Bench({ scoreHalfLifeMs: hour }).accept('a', 'b', 'c');
    praise(bench, 'a', 80);
    blame(bench, 'c', 'penalize', 4);
    expect(scores(bench)).toEqual(['a 80', 'b 0', 'c -40']);
    bench.time.advance(hour);
    expect(scores(bench)).toEqual(['a 40', 'b 0', 'c -20']);
    bench.time.advance(hour);
    expect(scores(bench)).toEqual(['a 20', 'b 0', 'c -10']);
    bench.time.advance(100 * hour);
    expect(scores(bench)).toEqual(['a 0', 'b 0', 'c 0']);
  });

  it('weigh an old report less than a new one of the same kind', () => {
    const bench = new Bench({ scoreHalfLifeMs: hour }).accept('a', 'b');
    blame(bench, 'a', 'penalize');
    praise(bench, 'b');
    bench.time.advance(hour);
    praise(bench, 'a', 3);
    expect(scores(bench)).toEqual(['b 1', 'a -2']);
    praise(bench, 'a', 4);
    expect(scores(bench)).toEqual(['a 2', 'b 1']);
  });

  it('last forever with a half-life of 0', () => {
    const bench = new Bench({ scoreHalfLifeMs: 0 }).accept('a');
    praise(bench, 'a', 5);
    bench.time.advance(1000 * hour);
    expect(scores(bench)).toEqual(['a 5']);
  });

  it('treat an unknown severity as a note', () => {
    const bench = new Bench().accept('a');
    blame(bench, 'a', 'toString' as never);
    expect(scores(bench)).toEqual(['a -1']);
  });
});

describe('PeerManager: scores that fall too low', () => {
  it('disconnect a peer after many small offences', () => {
    const bench = new Bench().accept('a');
    blame(bench, 'a', 'penalize', 4);
    expect(bench.newEvictions()).toEqual([]);
    blame(bench, 'a', 'penalize');
    expect(bench.evictions).toEqual([
      { peer: id('a'), error: expect.objectContaining({ code: 'RXMESH_SCORE_TOO_LOW' }) },
    ]);
    bench.manager.disconnected(id('a'), 'inbound');
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBeUndefined();
  });

  it('ban it if it continues', () => {
    const bench = new Bench({ banMs: 10_000 }).accept('a');
    blame(bench, 'a', 'penalize', 9);
    bench.manager.disconnected(id('a'), 'inbound');
    bench.accept('a');
    blame(bench, 'a', 'penalize');
    bench.manager.disconnected(id('a'), 'inbound');
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBe('RXMESH_PEER_BANNED');
    bench.time.advance(10_000);
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBeUndefined();
  });

  it('do not accumulate over days, or against good reports', () => {
    const bench = new Bench({ scoreHalfLifeMs: hour }).accept('a', 'b');
    praise(bench, 'b', 50);
    blame(bench, 'b', 'penalize', 9);
    for (let n = 0; n < 20; n += 1) {
      blame(bench, 'a', 'penalize');
      bench.time.advance(hour);
    }
    expect(bench.newEvictions()).toEqual([]);
  });

  it('evict nobody for failed dials, and no persistent peer', () => {
    const options = { retryMinMs: 1, retryMaxMs: 1, addressExpiryMs: 0, persistent: [at('b')] };
    const bench = new Bench(options).add(at('a')).accept('b');
    bench.manager.dials$.subscribe((address) => bench.manager.dialFailed(address, failure()));
    bench.time.advance(200);
    expect(scores(bench)[1]).toBe('a -201');
    blame(bench, 'b', 'penalize', 50);
    bench.accept('a');
    expect(bench.newEvictions()).toEqual([]);
  });

  it('ban the host too with banHosts', () => {
    const bench = new Bench({ banHosts: true });
    bench.manager.accepted(id('a'), { protocol: 'ws', ip: '203.0.113.7', port: 1 });
    blame(bench, 'a', 'penalize', 10);
    expect(bench.manager.isIpBanned('203.0.113.7')).toBe(true);
  });

  it('have configurable thresholds', () => {
    const bench = new Bench({ disconnectScore: -2, banScore: -3 }).accept('a');
    blame(bench, 'a', 'note');
    expect(bench.newEvictions()).toEqual([]);
    blame(bench, 'a', 'note');
    expect([bench.newEvictions(), bench.manager.bans()]).toEqual([['a'], []]);
    blame(bench, 'a', 'note');
    expect(bench.manager.bans()).toEqual([{ id: id('a'), forMs: hour }]);
  });
});

describe('PeerManager: bans', () => {
  it('are listed with the remaining time, and can be set again by another node', () => {
    const bench = new Bench({ banMs: 5_000 });
    blame(bench, 'a', 'ban');
    bench.manager.ban({ ip: '203.0.113.0/24', forMs: 9_000 });
    bench.manager.ban({ id: id('b'), forMs: 1_000 });
    bench.time.advance(2_000);
    const kept = bench.manager.bans();
    expect(kept).toEqual([
      { id: id('a'), forMs: 3_000 },
      { ip: '203.0.113.0/24', forMs: 7_000 },
    ]);

    const next = new Bench();
    const text = JSON.stringify(kept);
    for (const ban of JSON.parse(text) as typeof kept) next.manager.ban(ban);
    expect(next.manager.bans()).toEqual(kept);
    next.time.advance(3_000);
    expect(codeOf(() => next.manager.accepted(id('a')))).toBeUndefined();
    expect(next.manager.isIpBanned('203.0.113.9')).toBe(true);
  });

  it('end early when displaced by another ban', () => {
    const bench = new Bench({ maxPeers: 1, maxConnected: 1 }).add(at('a')).dial();
    bench.manager.dialFailed(at('a'), failure());
    bench.newDials();
    bench.manager.ban({ id: id('a'), forMs: 10 * hour });
    bench.manager.ban({ id: id('b'), forMs: 20 * hour });
    bench.time.advance(hour);
    expect(bench.newDials().length).toBeGreaterThan(0);
  });
});

describe('PeerManager: the last dial', () => {
  const lastDial = (bench: Bench): unknown => bench.manager.peers()[0]?.lastDial;

  it('B-10 is absent before the first one', () => {
    expect(lastDial(new Bench().add(at('a')))).toBeUndefined();
  });

  it('B-10 is the later one, good or bad, and the good one if both are of the same time', () => {
    const bench = new Bench({ disconnectCooldownMs: 0 }).add(at('a'), at('a', 'x')).dial();
    bench.time.advance(100);
    bench.manager.dialFailed(at('a'), failure());
    expect(lastDial(bench)).toEqual({ atMs: 100, isGood: false });
    bench.manager.dialed(at('a', 'x'));
    bench.manager.ready(id('a'), 'outbound');
    expect(lastDial(bench)).toEqual({ atMs: 100, isGood: true });
    bench.manager.disconnected(id('a'), 'outbound');
    bench.manager.dialFailed(at('a', 'x'), failure());
    expect(lastDial(bench)).toEqual({ atMs: 100, isGood: true });
    bench.time.advance(250);
    bench.manager.dialFailed(at('a'), failure());
    expect(lastDial(bench)).toEqual({ atMs: 350, isGood: false });
  });
});

trackLeaks();
