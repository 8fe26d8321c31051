import { afterEach, describe, expect, it } from '@jest/globals';
import { filter, firstValueFrom } from 'rxjs';
import { createRouter, Identity, json, type Router } from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { TcpLine } from '../../../lib/testing/tcp/index.ts';
import { trackLeaks } from '../../support/leaks.ts';

const host = '127.0.0.1';
/** Long enough that processing takes only a small part of a round trip. */
const line = { latencyMs: 250 };
const roundTripMs = 2 * line.latencyMs;

/**
 * TCP takes one round trip. The WebSocket upgrade takes another, and its reply carries the
 * listener's proof. The dialer's proof takes half a round trip: the listener is then up, and its
 * message takes another half, so 3 in total. The dialer comes up at that point too, and its message
 * takes half a round trip more: 3.5. Processing stays below half a round trip, so an extra round
 * trip would show.
 */
const roundTripsMax = { listener: 3.4, dialer: 3.9 } as const;

/** The fastest dial counts, because the first ones run code that is not yet compiled. */
const dials = 4;

const routers: Router[] = [];
const proxies: TcpLine[] = [];

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
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  });
  trackLeaks();

  it.each(['listener', 'dialer'] as const)(
    'from the %s takes no more round trips than necessary',
    async (side) => {
      const far = await nodeWith(webSocket({ listen: { port: 0, host } }));
      await far.router.start();
      const proxy = await TcpLine.open(far.router.snapshot().endpoints[0]?.port ?? 0, line);
      proxies.push(proxy);
      const roundTrips: number[] = [];
      for (let dial = 0; dial < dials; dial += 1) {
        const peer = `ws://${far.router.id}@${host}:${proxy.port}`;
        const near = await nodeWith(webSocket(), [peer]);
        const [sender, receiver] = side === 'dialer' ? [near, far] : [far, near];
        const { id: senderId } = sender.router;
        const fromSender$ = receiver.channel.in$.pipe(filter(({ from }) => from === senderId));
        const first = firstValueFrom(fromSender$);
        const sending = sender.router.peers$.subscribe(({ id, status }) => {
          if (status !== 'up' || id !== receiver.router.id) return;
          sender.channel.out.next({ to: id, message: 'first' });
        });
        const startedMs = performance.now();
        await near.router.start();
        expect((await first).message).toBe('first');
        roundTrips.push((performance.now() - startedMs) / roundTripMs);
        sending.unsubscribe();
      }
      expect(Math.min(...roundTrips)).toBeLessThanOrEqual(roundTripsMax[side]);
    },
  );
});
