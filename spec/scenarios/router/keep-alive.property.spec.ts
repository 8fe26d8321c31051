import { describe, expect, it } from '@jest/globals';
import { block, createRouter, raw, type Identity } from '../../../lib/index.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';
import { updates } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { identityOf } from '../../support/mock-node.ts';
import { size } from '../../support/runs.ts';

const keepAlive = { intervalMs: 10_000, timeoutMs: 30_000 };
const minute = 60_000;

/** The round trip to the node's only peer, from its snapshot. */
const roundTrip = (net: Simulation, node: number): number | undefined =>
  net.node(node).router.snapshot().peers[0]?.roundTripMs;

/** The code and time of each peer-down event from `sinceMs` on. */
function downs(net: Simulation, sinceMs: number): { code: string | undefined; atMs: number }[] {
  return net.log.flatMap(({ event, atMs }) =>
    event.type === 'peer-down' && atMs >= sinceMs
      ? [{ code: event.error?.code, atMs: atMs - sinceMs }]
      : [],
  );
}

describe('a router that keeps its peers alive', () => {
  it('measures the round trip, with no value before the first answer', () => {
    const net = simulate({ nodes: 2, latencyMs: 21, options: () => ({ keepAlive }) });
    net.start();
    net.advance(9_000);
    expect(net.node(0).router.snapshot().peers[0]).not.toHaveProperty('roundTripMs');
    net.advance(2_000);
    expect([roundTrip(net, 0), roundTrip(net, 1)]).toEqual([42, 42]);
    net.latencyMs = 4;
    net.advance(10_000);
    expect([roundTrip(net, 0), roundTrip(net, 1)]).toEqual([8, 8]);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it.each([0, 50])(
    'detects a dead link on both sides and reconnects (latency %i ms)',
    (latencyMs) => {
      const net = simulate({ nodes: 2, latencyMs, options: () => ({ keepAlive }) });
      net.start();
      net.advance(3 * minute + 1_234);
      const seen = [updates(net, 0), updates(net, 1)];
      const silentAtMs = net.now();
      net.network.silence([net.node(0).id], [net.node(1).id]);
      net.advance(29_000);
      expect(downs(net, silentAtMs)).toEqual([]);
      net.advance(minute);
      expect(downs(net, silentAtMs).map(({ code }) => code)).toEqual([
        'RXMESH_PEER_TIMEOUT',
        'RXMESH_PEER_TIMEOUT',
      ]);
      for (const { atMs } of downs(net, silentAtMs)) {
        expect(atMs).toBeLessThanOrEqual(keepAlive.timeoutMs + keepAlive.intervalMs);
      }
      net.advance(10 * minute);
      expect(seen).toEqual([['down 1'], ['down 0']]);
      net.network.heal();
      // The address is retried after its backoff.
      net.advance(30 * minute);
      expect(seen).toEqual([
        ['down 1', 'up 1'],
        ['down 0', 'up 0'],
      ]);
      net.stop();
      expectIdle(net.clock.scheduler);
    },
  );

  it('survives a silence that ends in time without losing a message', () => {
    const net = simulate({ nodes: 2, latencyMs: 5, options: () => ({ keepAlive }) });
    const channels = net.openChannels({ id: 1, codec: raw() });
    net.start();
    const values: (number | undefined)[] = [];
    channels(1).in$.subscribe(({ message }) => values.push(message[0]));
    net.network.silence([net.node(0).id], [net.node(1).id]);
    const { out } = channels(0);
    for (let n = 0; n < 100; n += 1) out.next({ broadcast: true, message: Uint8Array.of(n) });
    net.advance(25_000);
    expect(values).toEqual([]);
    net.network.heal();
    net.advance(5 * minute);
    expect(values).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(downs(net, 0)).toEqual([]);
    net.stop();
  });

  it('keeps a peer whose consumer takes nothing and still measures the link', () => {
    const net = simulate({ nodes: 2, latencyMs: 15, options: () => ({ keepAlive }) });
    const stalled = net.openChannels({ id: 1, codec: raw(), inbound: block(4) });
    const bulk = net.openChannels({ id: 2, codec: raw(), inbound: block(4) });
    net.start();
    let received = 0;
    bulk(1).in$.subscribe(() => (received += 1));
    const tenths = size(6_000, 600);
    const full = new Uint8Array(65_536);
    for (let n = 0; n < 300; n += 1) stalled(0).out.next({ broadcast: true, message: full });
    const seen = updates(net, 0);
    for (let sent = 0; sent < tenths; sent += 1) {
      bulk(0).out.next({ broadcast: true, message: full });
      net.advance(100);
    }
    expect(seen).toEqual([]);
    expect(received).toBeGreaterThan(tenths - 100);
    expect([roundTrip(net, 0), roundTrip(net, 1)]).toEqual([30, 30]);
    net.stop();
  });

  it('is on by default, but off in a simulation', () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock });
    const [dialer, listener] = [identityOf(1), identityOf(2)];
    const routerOf = (identity: Identity, ...addresses: string[]) =>
      createRouter({
        identity,
        network: 'demo',
        transports: [network.transport(identity.id)],
        peers: { addresses },
        clock,
      });
    const routers = [routerOf(listener), routerOf(dialer, `memory:${listener.id}`)];
    for (const router of routers) void router.start();
    clock.advance(11_000);
    expect(routers.map((router) => router.snapshot().peers[0]?.roundTripMs)).toEqual([0, 0]);
    for (const router of routers) void router.stop();
    clock.advance(5_000);
    expectIdle(clock.scheduler);

    const net = simulate({ nodes: 2 });
    net.start();
    net.advance(minute);
    expect(net.clock.dueTimesMs).toEqual([]);
    net.stop();
  });
});
