import { describe, expect, it } from '@jest/globals';
import { block, json, type PeerReport } from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { expectIdle } from '../../support/leaks.ts';

describe('reports$', () => {
  it("emits a channel's report, and the peer is evicted for it", () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels({ id: 1, codec: json<string>() });
    const reports: PeerReport[] = [];
    let completed = false;
    net.node(0).router.reports$.subscribe({
      next: (report) => reports.push(report),
      complete: () => (completed = true),
    });
    net.start();
    net.advance(1_000);
    const peer = net.node(1).id;
    const downs = (): number =>
      net.log.filter(({ node, event }) => node === 0 && event.type === 'peer-down').length;
    chat(0).reports.next({ peer, severity: 'penalize', reason: 'slow' });
    expect(downs()).toBe(0);
    chat(0).reports.next({ peer, severity: 'disconnect', reason: 'nonsense' });
    net.advance(10);
    expect(downs()).toBe(1);
    expect(reports).toEqual([
      { peer, severity: 'penalize', reason: 'slow' },
      { peer, severity: 'disconnect', reason: 'nonsense' },
    ]);
    net.stop();
    expect(completed).toBe(true);
    expectIdle(net.clock.scheduler);
  });

  it('applies a ban made before start', () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels({ id: 1, codec: json<string>() });
    chat(0).reports.next({ peer: net.node(1).id, severity: 'ban', reason: 'known from before' });
    net.launch();
    net.advance(10_000);
    expect(net.node(0).router.snapshot().peers).toEqual([]);
    net.stop();
  });

  it('emits what a slow-peer policy detects', () => {
    const net = simulate({ nodes: 2 });
    const lanes = { inbound: block(1), outbound: block(1) };
    const policy = { slowPeer: { evictAfterMs: 500 } };
    const bulk = net.openChannels({ id: 1, codec: json<number>(), ...lanes, ...policy });
    const reports: PeerReport[] = [];
    net.node(0).router.reports$.subscribe((report) => reports.push(report));
    net.start();
    net.advance(1_000);
    for (const message of [1, 2, 3, 4]) bulk(0).send({ broadcast: true, message }).subscribe();
    net.advance(600);
    expect(reports).toMatchObject([
      { peer: net.node(1).id, severity: 'disconnect', reason: { code: 'RXMESH_SLOW_PEER' } },
    ]);
    net.stop();
  });
});
