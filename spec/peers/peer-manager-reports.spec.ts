import { describe, expect, it, jest } from '@jest/globals';
import { config } from 'rxjs';
import type { PeerReport, Severity } from '../../lib/model/peer-report.ts';
import { at, Bench, codeOf, failure, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

const report = (digit: string, severity: Severity = 'disconnect'): PeerReport => ({
  peer: id(digit),
  severity,
  reason: failure('RXMESH_PROTOCOL_VIOLATION'),
});

describe('PeerManager: ready', () => {
  it('PM-48 keeps a connected peer down until it is ready, then reports it once', () => {
    const bench = new Bench();
    bench.manager.accepted(id('a'));
    expect(bench.manager.status(id('a'))).toBe('down');
    expect(bench.manager.ready(id('a'), 'inbound', [1, 2])).toBe(true);
    expect(bench.manager.ready(id('a'), 'inbound')).toBe(false);
    expect(bench.manager.status(id('a'))).toBe('up');
    expect(bench.updates).toEqual([
      { id: id('a'), status: 'up', direction: 'inbound', channels: [1, 2] },
    ]);
  });

  it('PM-49 does nothing for a peer that is not connected, or not in this direction', () => {
    const bench = new Bench().add(at('a'));
    expect(bench.manager.ready(id('a'), 'inbound')).toBe(false);
    expect(bench.manager.ready(id('b'), 'inbound')).toBe(false);
    bench.manager.accepted(id('a'));
    expect(bench.manager.ready(id('a'), 'outbound')).toBe(false);
    expect(bench.manager.status(id('a'))).toBe('down');
    expect(bench.updates).toEqual([]);
  });
});

describe('PeerManager: evictions$', () => {
  it('PM-50, PM-51 emits a peer once after an error report', () => {
    const bench = new Bench().accept('a');
    expect(bench.newEvictions()).toEqual([]);
    bench.manager.report(report('a'));
    expect(bench.evictions).toEqual([{ peer: id('a'), error: report('a').reason }]);
    bench.time.advance(60_000);
    expect(bench.newEvictions()).toEqual(['a']);
  });

  it('PM-54 evicts no peer for connecting, nor one twice, even after another error', () => {
    const bench = new Bench().accept('a', 'b');
    expect(bench.newEvictions()).toEqual([]);
    bench.manager.report(report('a'));
    bench.manager.report(report('a', 'ban'));
    expect(bench.newEvictions()).toEqual(['a']);
  });

  it('evicts a peer that is not up yet once, when it comes up', () => {
    const bench = new Bench();
    bench.manager.accepted(id('a'));
    bench.manager.report(report('a', 'ban'));
    expect(bench.newEvictions()).toEqual([]);
    bench.manager.ready(id('a'), 'inbound');
    bench.manager.report(report('a', 'ban'));
    expect(bench.newEvictions()).toEqual(['a']);
  });

  it('evicts no peer that leaves before it is up', () => {
    const bench = new Bench();
    bench.manager.accepted(id('a'));
    bench.manager.report(report('a'));
    bench.manager.disconnected(id('a'), 'inbound');
    bench.accept('a');
    expect(bench.newEvictions()).toEqual([]);
  });

  it('evicts a peer again on its next connection', () => {
    const bench = new Bench().accept('a');
    bench.manager.report(report('a'));
    bench.manager.disconnected(id('a'), 'inbound');
    bench.accept('a');
    bench.manager.report(report('a'));
    expect(bench.newEvictions()).toEqual(['a', 'a']);
  });

  it('keeps evictions for a later subscriber while the peer is connected', () => {
    const bench = new Bench().accept('a', 'b');
    bench.stopEvictions();
    bench.manager.report(report('a'));
    bench.manager.report(report('b'));
    bench.manager.disconnected(id('a'), 'inbound');
    bench.takeEvictions();
    expect(bench.newEvictions()).toEqual(['b']);
  });

  it('refuses further links of a peer that is being evicted', () => {
    const { manager } = new Bench().add(at('a'));
    manager.accepted(id('a'));
    manager.report(report('a'));
    expect(codeOf(() => manager.dialed(at('a')))).toBe('RXMESH_PEER_EVICTED');
  });
});

describe('PeerManager: disconnected', () => {
  it('PM-55 ignores an unknown peer, and a link that does not exist', () => {
    const bench = new Bench();
    bench.manager.disconnected(id('a'), 'inbound');
    expect(bench.known()).toEqual([]);
    bench.accept('a');
    bench.manager.disconnected(id('a'), 'outbound');
    expect(bench.manager.status(id('a'))).toBe('up');
  });

  it('PM-56 reports nothing for a peer that was not ready', () => {
    const bench = new Bench();
    bench.manager.accepted(id('a'));
    bench.manager.disconnected(id('a'), 'inbound');
    expect(bench.updates).toEqual([]);
  });

  it('PM-57 reports once that a ready peer is down, and why', () => {
    const bench = new Bench().accept('a');
    const error = failure('RXMESH_CONNECTION_FAILED');
    bench.manager.disconnected(id('a'), 'inbound', error);
    bench.manager.disconnected(id('a'), 'inbound', error);
    expect(bench.manager.status(id('a'))).toBe('down');
    expect(bench.updates.slice(1)).toEqual([
      { id: id('a'), status: 'down', direction: 'inbound', channels: [], error },
    ]);
  });

  it('PM-58 leaves a dial alone: there are never two to one peer', () => {
    const bench = new Bench().add(at('a'), at('a', 'x')).dial();
    expect(bench.newDials()).toEqual(['a@host-a']);
    bench.accept('a');
    bench.manager.disconnected(id('a'), 'inbound');
    bench.time.advance(60_000);
    expect(bench.newDials()).toEqual([]);
    bench.manager.dialFailed(at('a'), failure());
    expect(bench.newDials()).toEqual(['a@x']);
  });
});

describe('PeerManager: report', () => {
  it('PM-59 ignores an unknown peer', () => {
    const bench = new Bench();
    bench.manager.report(report('a'));
    expect(bench.known()).toEqual([]);
    expect(bench.newEvictions()).toEqual([]);
  });

  it('PM-60 does not hold an error against a later connection', () => {
    const bench = new Bench().add(at('a'));
    bench.manager.report(report('a'));
    bench.accept('a');
    expect(bench.newEvictions()).toEqual([]);
  });

  it('PM-61 evicts a connected peer, ready or not', () => {
    const bench = new Bench().accept('a');
    bench.manager.accepted(id('b'));
    bench.manager.report(report('a'));
    bench.manager.report(report('b'));
    bench.manager.ready(id('b'), 'inbound');
    expect(bench.newEvictions()).toEqual(['a', 'b']);
  });

  it('B-06 leaves a peer connected after a note or a penalty, with a lower score', () => {
    const bench = new Bench().accept('a', 'b', 'c');
    bench.manager.report(report('a', 'note'));
    bench.manager.report(report('b', 'penalize'));
    expect(bench.newEvictions()).toEqual([]);
    expect(bench.manager.peers().map(({ score }) => score)).toEqual([0, -1, -10]);
    expect(bench.known()).toEqual(['c', 'a', 'b']);
  });

  it('refuses a banned peer in both directions until the ban ends', () => {
    const bench = new Bench({ banMs: 10_000 }).add(at('a')).accept('a').dial();
    bench.manager.report(report('a', 'ban'));
    expect(bench.newEvictions()).toEqual(['a']);
    bench.manager.disconnected(id('a'), 'inbound');
    bench.time.advance(9999);
    expect(bench.newDials()).toEqual([]);
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBe('RXMESH_PEER_BANNED');
    expect(codeOf(() => bench.manager.dialed(at('a')))).toBe('RXMESH_PEER_BANNED');
    bench.time.advance(1);
    expect(bench.newDials()).toEqual(['a@host-a']);
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBeUndefined();
  });

  it('bans an unknown peer without adding it', () => {
    const bench = new Bench();
    bench.manager.report(report('a', 'ban'));
    expect(bench.known()).toEqual([]);
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBe('RXMESH_PEER_BANNED');
    expect(bench.known()).toEqual([]);
  });

  it('keeps the ban of a forgotten peer', () => {
    const bench = new Bench({ maxPeers: 1, maxConnected: 1 }).add(at('a'));
    bench.manager.report(report('a', 'ban'));
    bench.add(at('b'));
    expect(bench.forgotten).toEqual([id('a')]);
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBe('RXMESH_PEER_BANNED');
  });
});

describe('PeerManager: updates$', () => {
  it('PM-62 emits the ups and downs of a whole life, and nothing else', () => {
    const bench = new Bench({ disconnectCooldownMs: 100, retryMinMs: 50 }).dial();
    const { manager, time } = bench;
    bench.stopDialing();
    const step = (work: () => void): string[] => {
      work();
      return bench.newUpdates();
    };
    expect(step(() => bench.add(at('a')))).toEqual([]);
    expect(step(() => manager.accepted(id('a')))).toEqual([]);
    expect(step(() => manager.ready(id('a'), 'inbound'))).toEqual(['a up']);
    expect(step(() => manager.disconnected(id('a'), 'inbound'))).toEqual(['a down']);
    bench.dial();
    expect(step(() => time.advance(100))).toEqual([]);
    expect(bench.newDials()).toEqual(['a@host-a']);
    expect(step(() => manager.dialed(at('a')))).toEqual([]);
    expect(step(() => manager.ready(id('a'), 'outbound'))).toEqual(['a up']);
    expect(step(() => manager.report(report('a')))).toEqual([]);
    expect(bench.newEvictions()).toEqual(['a']);
    expect(step(() => manager.disconnected(id('a'), 'outbound'))).toEqual(['a down']);
    // The second brief connection in a row.
    expect(step(() => time.advance(200))).toEqual([]);
    expect(bench.newDials()).toEqual(['a@host-a']);
    expect(step(() => manager.dialFailed(at('a'), failure()))).toEqual([]);
  });

  it('PM-63 emits nothing to a closed subscription, not even what is pending', () => {
    const { manager } = new Bench();
    const seen: string[] = [];
    manager.updates$.subscribe(({ status }) => {
      if (status !== 'up') return;
      // The down that follows is pending while the up is still being delivered.
      manager.disconnected(id('a'), 'inbound');
      closing.unsubscribe();
    });
    const closing = manager.updates$.subscribe(({ status }) => seen.push(status));
    manager.accepted(id('a'));
    manager.ready(id('a'), 'inbound');
    expect(manager.status(id('a'))).toBe('down');
    expect(seen).toEqual([]);
  });

  it('PM-64 emits to all subscribers; one that unsubscribes does not disturb the others', () => {
    const bench = new Bench();
    const seen: string[][] = [[], [], []];
    const subscriptions = seen.map((log) =>
      bench.manager.updates$.subscribe(({ status }) => log.push(status)),
    );
    bench.accept('a');
    subscriptions[1]?.unsubscribe();
    bench.manager.disconnected(id('a'), 'inbound');
    expect(seen).toEqual([['up', 'down'], ['up'], ['up', 'down']]);
  });

  it('PM-62 emits in the same order to every subscriber, including what subscribers cause', () => {
    const { manager } = new Bench();
    const seen: string[][] = [[], []];
    manager.updates$.subscribe(({ status }) => {
      seen[0]?.push(status);
      if (status === 'up') manager.disconnected(id('a'), 'inbound');
    });
    manager.updates$.subscribe(({ status }) => seen[1]?.push(status));
    manager.accepted(id('a'));
    manager.ready(id('a'), 'inbound');
    expect(seen).toEqual([
      ['up', 'down'],
      ['up', 'down'],
    ]);
  });

  it('PM-62 is not disturbed by a subscriber that throws', async () => {
    const { manager } = new Bench();
    const mistake = new Error('of a subscriber');
    const unhandled = new Promise((resolve) => {
      config.onUnhandledError = resolve;
    });
    const seen = jest.fn();
    manager.updates$.subscribe(({ status }) => {
      if (status === 'up') throw mistake;
    });
    manager.updates$.subscribe(seen);
    manager.accepted(id('a'));
    manager.ready(id('a'), 'inbound');
    manager.disconnected(id('a'), 'inbound');
    expect(seen).toHaveBeenCalledTimes(2);
    expect(await unhandled).toBe(mistake);
    config.onUnhandledError = null;
  });
});

trackLeaks();
