import { describe, expect, it } from '@jest/globals';
import { json, type PeerReport, type RouterEvent } from '../../../lib/index.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { expectIdle } from '../../support/leaks.ts';
import { size } from '../../support/runs.ts';

/** A node's peer events about another node: `peer-up`, `peer-evicted CODE`. */
function told(net: Simulation, node: number, other: number): string[] {
  const peer = net.node(other).id;
  return net.log.flatMap(({ node: at, event }) => {
    if (at !== node || !('peer' in event) || event.peer !== peer) return [];
    if (event.type === 'peer-evicted') return [`${event.type} ${event.error.code}`];
    return event.type === 'peer-up' || event.type === 'peer-down' ? [event.type] : [];
  });
}

const eventsOf = (net: Simulation, node: number, type: RouterEvent['type']): RouterEvent[] =>
  net.log.flatMap(({ node: at, event }) => (at === node && event.type === type ? [event] : []));

describe('slots that strangers never take', () => {
  it('a node reaches its own peers however many strangers connect first', () => {
    const strangers = size(20, 8);
    const [honest, friend, chosen] = [0, 1, 2];
    const net = simulate({
      nodes: 3 + strangers,
      latencyMs: 20,
      knows: (node, other) => node > chosen && other === honest,
      options: (node) => (node === honest ? { peers: { maxConnected: 4, maxPeers: 20 } } : {}),
    });
    const { router } = net.node(honest);
    for (const { router: each } of net.nodes.slice(3)) void each.start();
    void router.start();
    net.advance(10_000);
    expect(net.node(honest).up.size).toBe(4);

    // Both are added only now that all slots are taken.
    router.peers.add(`memory:${net.node(friend).id}`);
    router.peers.add(`memory:${net.node(chosen).id}`);
    for (const node of [friend, chosen]) void net.node(node).router.start();
    net.advance(10_000);
    for (const node of [friend, chosen]) expect(told(net, honest, node)).toContain('peer-up');
    net.advance(60_000);
    for (const node of [friend, chosen]) {
      expect(net.node(honest).up.has(net.node(node).id)).toBe(true);
      expect(told(net, honest, node)).not.toContain('peer-down');
    }
    expect(net.node(honest).up.size).toBe(4);
    net.stop();
    expectIdle(net.clock.scheduler);
  });
});

describe('upgrades', () => {
  it('a higher-ranked peer replaces the lowest-ranked one, with an event', () => {
    const net = simulate({
      nodes: 3,
      latencyMs: 20,
      knows: (node) => node > 0,
      options: (node): object =>
        node === 0
          ? { peers: { maxConnected: 1, rank: ({ id }: { id: string }) => Number(id === best()) } }
          : { peers: { maxConnected: 1, disconnectCooldownMs: 100_000 } },
    });
    const best = (): string => net.node(2).id;
    for (const node of [0, 1]) void net.node(node).router.start();
    net.advance(5_000);
    expect(told(net, 0, 1)).toEqual(['peer-up']);
    void net.node(2).router.start();
    net.advance(5_000);
    expect(told(net, 0, 1)).toEqual(['peer-up', 'peer-evicted RXMESH_PEER_REPLACED', 'peer-down']);
    expect([...net.node(0).up]).toEqual([best()]);
    net.stop();
  });
});

describe('scores', () => {
  it('disconnect a peer after many small offences and ban it if they continue', () => {
    const net = simulate({ nodes: 2, options: () => ({ peers: { banMs: 60_000 } }) });
    const chat = net.openChannels({ id: 1, codec: json<string>() });
    net.start();
    const report = (times: number): void => {
      for (let n = 0; n < times; n += 1) {
        chat(0).reports.next({ peer: net.node(1).id, severity: 'penalize', reason: 'nonsense' });
      }
    };
    report(5);
    net.advance(3_000);
    expect(told(net, 0, 1)).toEqual([
      'peer-up',
      'peer-evicted RXMESH_SCORE_TOO_LOW',
      'peer-down',
      'peer-up',
    ]);
    report(6);
    net.advance(30_000);
    expect(told(net, 0, 1).slice(4)).toEqual(['peer-evicted RXMESH_SCORE_TOO_LOW', 'peer-down']);
    net.advance(120_000);
    expect(told(net, 0, 1).at(-1)).toBe('peer-up');
    net.stop();
  });

  it('accept good reports, which appear in reports$ but raise no event', () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels({ id: 1, codec: json<string>() });
    const reports: PeerReport[] = [];
    net.node(0).router.reports$.subscribe((report) => reports.push(report));
    net.start();
    const good: PeerReport = {
      peer: net.node(1).id,
      severity: 'note',
      good: true,
      reason: 'well done',
    };
    chat(0).reports.next(good);
    expect(reports).toEqual([good]);
    expect(eventsOf(net, 0, 'peer-reported')).toEqual([]);
    net.stop();
  });
});

describe('rank', () => {
  it('that throws raises an event and has no other effect', () => {
    const rank = (): number => {
      throw new Error('broken');
    };
    const net = simulate({ nodes: 2, options: (node) => (node === 0 ? { peers: { rank } } : {}) });
    net.start();
    expect(eventsOf(net, 0, 'callback-failed')).toEqual([
      expect.objectContaining({ callback: 'peers.rank' }),
    ]);
    net.stop();
  });
});
