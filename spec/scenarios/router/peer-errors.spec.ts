import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { json, type Channel, type Severity } from '../../../lib/index.ts';
import type { Simulation } from '../../../lib/testing/index.ts';
import { simulate } from '../../support/maker.ts';
import { updates } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';

describe('reports on a peer', () => {
  let net: Simulation;
  let chat: (node: number) => Channel<string>;
  let seen: string[];
  let upAt: number;
  beforeEach(() => {
    net = simulate({ nodes: 3, options: () => ({ peers: { banMs: 60_000, retryJitterMs: 0 } }) });
    chat = net.openChannels({ id: 1, codec: json<string>() });
    net.start();
    seen = updates(net, 0);
    upAt = net.log.length;
  });
  afterEach(() => {
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  const report = (severity: Severity): void =>
    chat(0).reports.next({ peer: net.node(1).id, severity, reason: 'a bad block' });

  it('R-24 disconnect: the peer goes down, and comes up again after the cool-down of 2 s', () => {
    report('disconnect');
    expect(seen).toEqual(['down 1']);
    expect([...net.node(1).up]).toEqual([net.node(2).id]);
    net.advance(1_999);
    expect(seen).toEqual(['down 1']);
    net.advance(1);
    expect(seen).toEqual(['down 1', 'up 1']);
  });

  it.each(['note', 'penalize'] as const)('R-24 %s: the peer stays connected', (severity) => {
    report(severity);
    net.advance(10_000);
    expect(seen).toEqual([]);
    expect(net.node(1).up.size).toBe(2);
  });

  it('R-24 ban: the peer is refused until the ban ends', () => {
    report('ban');
    expect(seen).toEqual(['down 1']);
    net.advance(59_000);
    expect(seen).toEqual(['down 1']);
    const refused = net.log.slice(upAt).filter(({ node, event }) => {
      return node === 0 && event.type === 'connection-refused';
    });
    expect(refused.length).toBeGreaterThan(0);
    for (const { event } of refused) {
      expect(event).toMatchObject({ error: { code: 'RXMESH_PEER_BANNED' } });
    }
    net.advance(60_000);
    expect(seen).toEqual(['down 1', 'up 1']);
  });

  it('raises an event for the report, and the evicted peer learns why', () => {
    report('disconnect');
    expect(net.log.map(({ node, event }) => ({ node, ...event })).slice(upAt)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ node: 0, type: 'peer-reported', severity: 'disconnect' }),
        expect.objectContaining({ node: 0, type: 'peer-down', peer: net.node(1).id }),
        expect.objectContaining({
          node: 1,
          type: 'peer-down',
          error: expect.objectContaining({
            code: 'RXMESH_CONNECTION_CLOSED',
            message: expect.stringMatching(/\(evicted\)/),
          }),
        }),
      ]),
    );
  });

  it('a report on a disconnected peer changes nothing', () => {
    net.remove(1);
    seen.splice(0);
    report('disconnect');
    net.advance(5_000);
    expect(seen).toEqual([]);
  });
});
