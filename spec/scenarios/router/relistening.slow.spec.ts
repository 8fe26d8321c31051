import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import { createRouter } from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { identityOf } from '../../support/mock-node.ts';
import { until } from '../../support/until.ts';

describe('L-31 a transport that stops listening', () => {
  it('listens on the same port again over WebSocket', async () => {
    const server = createServer();
    const listen = async (port = 0): Promise<number> => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    };
    const port = await listen();
    const [ann, bob] = [identityOf(1), identityOf(2)];
    const router = createRouter({
      identity: ann,
      network: 'demo',
      transports: [webSocket({ listen: { server } })],
    });
    const failures: string[] = [];
    router.events$.subscribe((event) => {
      if (event.type === 'transport-failed') failures.push(event.error.code);
    });
    await router.start();
    server.close();
    await until(() => failures.length === 1);
    await listen(port);
    await until(() => router.addresses.length === 1);
    const peers = { persistent: [`ws://${ann.id}@127.0.0.1:${port}`], retryJitterMs: 0 };
    const dialer = createRouter({
      identity: bob,
      network: 'demo',
      transports: [webSocket()],
      peers,
    });
    const up = firstValueFrom(dialer.peers$);
    await dialer.start();
    expect(await up).toMatchObject({ id: ann.id, status: 'up' });
    expect(failures).toEqual(['RXMESH_LISTEN_FAILED']);
    await Promise.all([router.stop(), dialer.stop()]);
    server.close();
  });
});
