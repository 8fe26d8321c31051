import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom, filter } from 'rxjs';
import { createRouter, json, type Channel, type Router } from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { identityOf } from '../../support/mock-node.ts';
import { size } from '../../support/runs.ts';

const blockMs = size(200, 100);
const keepAlive = { intervalMs: 20, timeoutMs: 60 };

/** Blocks the event loop. */
function hog(): void {
  for (const endMs = performance.now() + blockMs; performance.now() < endMs;);
}

interface Node {
  readonly router: Router;
  readonly channel: Channel<string>;
  /** The messages that arrived. */
  readonly heard: string[];
  /** The codes of the peer-down events. */
  readonly downs: (string | undefined)[];
}

describe('a handler that blocks the event loop for longer than the timeout', () => {
  const routers: Router[] = [];

  function node(seed: number, address?: string): Node {
    const router = createRouter({
      identity: identityOf(seed),
      network: 'demo',
      transports: [
        webSocket(address === undefined ? { listen: { host: '127.0.0.1', port: 0 } } : {}),
      ],
      peers: { persistent: address === undefined ? [] : [address] },
      keepAlive,
    });
    routers.push(router);
    const channel = router.openChannel({ id: 1, codec: json<string>() });
    const [heard, downs]: [string[], (string | undefined)[]] = [[], []];
    channel.in$.subscribe(({ message }) => heard.push(message));
    router.events$.subscribe((event) => {
      if (event.type === 'peer-down') downs.push(event.error?.code);
    });
    return { router, channel, heard, downs };
  }

  afterEach(async () => {
    await Promise.all(routers.splice(0).map((router) => router.stop()));
  });

  it('costs neither side its connection', async () => {
    const one = node(1);
    await one.router.start();
    const other = node(2, one.router.addresses[0]);
    await other.router.start();
    const up = (router: Router) =>
      firstValueFrom(router.peers$.pipe(filter(({ status }) => status === 'up')));
    await Promise.all([up(one.router), up(other.router)]);

    one.channel.in$.subscribe(hog);
    for (let times = 0; times < 3; times += 1) {
      const answered = firstValueFrom(one.channel.in$);
      other.channel.out.next({ broadcast: true, message: 'stop the world' });
      await answered;
      // Block again from within a timer, ahead of the ticks that are already late.
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          hog();
          resolve();
        }, 0);
      });
    }
    expect([one.heard.length, one.downs, other.downs]).toEqual([3, [], []]);
    const [peer] = other.router.snapshot().peers;
    expect(peer?.roundTripMs).toBeGreaterThanOrEqual(0);
  });

  trackLeaks();
});
