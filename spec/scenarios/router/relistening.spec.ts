import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, Subject } from 'rxjs';
import { createRouter, RxmeshError, type Connection, type Endpoint } from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { identityOf, MockNode } from '../../support/mock-node.ts';
import { MockTransport } from '../../support/mock-transport.ts';
import { until } from '../../support/until.ts';

describe('L-31 a transport that stops listening', () => {
  const gone = new RxmeshError('RXMESH_CONNECTION_FAILED', 'the interface is gone');

  it('is retried after a second again once it has listened for a minute', () => {
    const node = new MockNode();
    node.start();
    const fail = (): void => {
      const { transport } = node;
      const failing = transport.incoming;
      Object.assign(transport, { incoming: new Subject<Connection>() });
      failing.error(gone);
    };
    fail();
    node.clock.advance(1_000);
    fail();
    node.clock.advance(1_999);
    expect(node.transport.accepts).toBe(2);
    node.clock.advance(1);
    expect(node.transport.accepts).toBe(3);
    node.clock.advance(60_000);
    fail();
    node.clock.advance(1_000);
    expect(node.transport.accepts).toBe(4);
    expect(node.codes('transport-failed')).toHaveLength(3);
    node.stop();
  });

  it('does not keep `start` from waiting for another transport', async () => {
    const [slow, failing] = [new MockTransport(), new MockTransport()];
    const endpoints = new Subject<readonly Endpoint[]>();
    Object.assign(slow, { endpoints$: endpoints });
    const node = new MockNode({ transports: [failing, slow] });
    const started = node.router.start();
    failing.incoming.error(gone);
    endpoints.next([{ protocol: 'mock', path: 'here' }]);
    await started;
    node.stop();
  });

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
