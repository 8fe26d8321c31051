import { afterEach, describe, expect, it } from '@jest/globals';
import { filter, firstValueFrom } from 'rxjs';
import { createRouter, Identity, json, type Router } from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { LineProxy } from '../../../bench/frame/line-proxy.ts';
import { trackLeaks } from '../../support/leaks.ts';

const host = '127.0.0.1';
/** Long, so that what the processor takes is a small part of a round trip. */
const line = { delayMs: 150, bitsPerSecond: 0 };
const roundTripMs = 2 * line.delayMs;

/**
 * One round trip is for TCP, one for the upgrade to WebSocket, one for the handshake, and half of one for the message: 3.5. What
 * the processor takes is less than half of one, so a further round trip shows.
 */
const roundTripsMax = 3.9;

/** The best of some dials counts: the first ones run code that is not compiled yet. */
const dials = 4;

const routers: Router[] = [];
const proxies: LineProxy[] = [];

async function nodeWith(transport: ReturnType<typeof webSocket>, peers: readonly string[] = []) {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'first-message',
    transports: [transport],
    peers: { persistent: peers },
  });
  routers.push(router);
  return { router, channel: router.openChannel({ id: 1, codec: json<string>() }) };
}

describe('L-26 the first message over a WebSocket', () => {
  afterEach(async () => {
    await Promise.all(routers.splice(0).map((router) => router.stop()));
    for (const proxy of proxies.splice(0)) proxy.close();
  });
  trackLeaks();

  it('takes no more round trips from the start of a node than it has to', async () => {
    const far = await nodeWith(webSocket({ listen: { port: 0, host } }));
    await far.router.start();
    const proxy = await LineProxy.open(far.router.snapshot().endpoints[0]?.port ?? 0, line);
    proxies.push(proxy);
    const roundTrips: number[] = [];
    for (let dial = 0; dial < dials; dial += 1) {
      const peer = `ws://${far.router.id}@${host}:${proxy.port}`;
      const { router, channel } = await nodeWith(webSocket(), [peer]);
      const first = firstValueFrom(far.channel.in$.pipe(filter(({ from }) => from === router.id)));
      router.peers$.subscribe(({ id, status }) => {
        if (status === 'up') channel.out.next({ to: id, message: 'first' });
      });
      const startedMs = performance.now();
      await router.start();
      expect((await first).message).toBe('first');
      roundTrips.push((performance.now() - startedMs) / roundTripMs);
    }
    expect(Math.min(...roundTrips)).toBeLessThanOrEqual(roundTripsMax);
  });
});
