import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createRouter,
  parseNodeAddress,
  type Router,
  type RouterEvent,
  type RouterOptions,
} from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { identityOf } from '../../support/mock-node.ts';
import { until } from '../../support/until.ts';

const routers: Router[] = [];

afterEach(async () => {
  await Promise.all(routers.splice(0).map((router) => router.stop()));
});

interface Node {
  readonly router: Router;
  readonly events: readonly RouterEvent[];
  readonly port: number;
}

/** A node on loopback that redials quickly. */
async function nodeOf(
  seed: number,
  port: number,
  options: Partial<RouterOptions> = {},
): Promise<Node> {
  const router = createRouter({
    identity: identityOf(seed),
    network: 'back',
    transports: [webSocket({ listen: { host: '127.0.0.1', port } })],
    ...options,
    peers: { disconnectCooldownMs: 20, retryMinMs: 20, retryJitterMs: 0, ...options.peers },
  });
  routers.push(router);
  const events: RouterEvent[] = [];
  router.events$.subscribe((event) => events.push(event));
  await router.start();
  return { router, events, port: parseNodeAddress(router.addresses[0] ?? '').port ?? 0 };
}

const ups = ({ events }: Node): string[] =>
  events.flatMap((event) => (event.type === 'peer-up' ? [event.direction] : []));

describe('dialing back, over sockets', () => {
  it('a peer that restarts on its port and has forgotten us is dialed', async () => {
    const ann = await nodeOf(1, 0);
    const bob = await nodeOf(2, 0, { peers: { addresses: ann.router.addresses } });
    await until(() => ups(ann).length === 1 && ups(bob).length === 1);
    expect([ups(ann), ups(bob)]).toEqual([['inbound'], ['outbound']]);
    const [up] = ann.events;
    expect(up).toMatchObject({
      nodeInfo: {
        listenAddress: `ws://127.0.0.1:${bob.port}`,
        addresses: [`ws://127.0.0.1:${bob.port}`],
      },
    });
    await bob.router.stop();
    await until(() => !ann.router.isUp(bob.router.id));

    const again = await nodeOf(2, bob.port);
    await until(() => ups(ann).length === 2 && ups(again).length === 1);
    expect([ups(ann), ups(again)]).toEqual([['inbound', 'outbound'], ['inbound']]);
  });

  it('a peer cannot pass off the address of another node as its own', async () => {
    const ann = await nodeOf(1, 0);
    const victim = await nodeOf(3, 0);
    const bob = await nodeOf(2, 0, {
      peers: { addresses: ann.router.addresses },
      advertise: [`ws://127.0.0.1:${victim.port}`, 'ws://127.0.0.1:1'],
    });
    await until(() => ups(ann).length === 1);
    await bob.router.stop();
    const failures = (): unknown[] =>
      ann.events.flatMap((each) => (each.type === 'dial-failed' ? [each.error.code] : []));
    await until(() => failures().length >= 2);
    expect(failures().slice(0, 2)).toEqual(['RXMESH_IDENTITY_MISMATCH', 'RXMESH_DIAL_FAILED']);
    expect([ups(ann), ups(victim)]).toEqual([['inbound'], []]);
  });
});
