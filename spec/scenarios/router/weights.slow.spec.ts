import { describe, expect, it } from '@jest/globals';
import { filter, firstValueFrom, type Observable, type Subscription, take } from 'rxjs';
import { block, createRouter, Identity, raw, type Router } from '../../../lib/index.ts';
import { pipeTo } from '../../../operators/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';

const weights = [1, 2, 10];

async function node(persistent: readonly string[] = []): Promise<Router> {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'weights',
    transports: [webSocket({ listen: { host: '127.0.0.1', port: 0 } })],
    peers: { persistent },
  });
  return router;
}

describe('L-25 channels of different priority that together saturate the line', () => {
  it.each([100, 1_000])(
    'share it in proportion to their priorities, with messages of %i bytes',
    async (size) => {
      const receiver = await node();
      const received = weights.map(() => 0);
      // Uses the default inbound lane.
      const inbound = weights.map((_, id) => receiver.openChannel({ id, codec: raw() }));
      inbound.forEach(({ in$ }, id) =>
        in$.subscribe(() => (received[id] = (received[id] ?? 0) + 1)),
      );
      await receiver.start();
      const sender = await node(receiver.addresses);
      const message = new Uint8Array(size);
      function* endless() {
        for (;;) yield { to: receiver.id, message };
      }
      const outbound = weights.map((priority, id) =>
        sender.openChannel({ id, codec: raw(), priority, outbound: block(1024) }),
      );
      const up = firstValueFrom(sender.peers$.pipe(filter(({ status }) => status === 'up')));
      await sender.start();
      await up;
      const pipes: Subscription[] = outbound.map((channel) =>
        pipeTo(channel)(endless()).subscribe(),
      );
      const heaviest = inbound[2]?.in$;
      // Credit windows grow until they no longer limit the flow; from then on the weights decide.
      await nth(heaviest, 40_000);
      const before = [...received];
      await nth(heaviest, 40_000);
      const shares = received.map((count, id) => count - (before[id] ?? 0));
      for (const pipe of pipes) pipe.unsubscribe();
      await Promise.all([sender.stop(), receiver.stop()]);
      const [one = 0, two = 0, ten = 0] = shares;
      expect(two / one).toBeGreaterThan(1.6);
      expect(two / one).toBeLessThan(2.5);
      expect(ten / one).toBeGreaterThan(7);
      expect(ten / one).toBeLessThan(13);
    },
    30_000,
  );
});

async function nth(in$: Observable<unknown> | undefined, count: number): Promise<void> {
  if (in$ === undefined) throw new Error('no channel');
  await firstValueFrom(
    in$.pipe(
      take(count),
      filter((_, index) => index === count - 1),
    ),
  );
}
