import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import {
  createRouter,
  type Endpoint,
  Identity,
  type RouterEvent,
  type RouterOptions,
} from '../../../lib/index.ts';
import { secureDial } from '../../../lib/secure/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { offeredProtocols } from '../../../transports/websocket/subprotocol.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { expectIdle } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';
import { releases } from './support.ts';

const release = releases();
const identity = (seed: number): Identity => Identity.fromSeed(new Uint8Array(32).fill(seed));

/** A router that listens, with the events that it emits. */
async function listener(options: Partial<RouterOptions>) {
  const transports = [webSocket({ listen: { host: '127.0.0.1' } })];
  const router = createRouter({ identity: identity(1), network: 'n', transports, ...options });
  const events: RouterEvent[] = [];
  router.events$.subscribe((event) => events.push(event));
  release(() => void router.stop());
  await router.start();
  return { router, events };
}

/** How a dial to this router ends, as the dialer reports it. */
async function dialError(
  addresses: readonly string[],
): Promise<{ readonly code: string; readonly message: string }> {
  const transports = [webSocket()];
  const router = createRouter({ identity: identity(2), network: 'n', transports });
  const failed: { code: string; message: string }[] = [];
  router.events$.subscribe((event) => {
    if (event.type !== 'dial-failed') return;
    const { code, message } = event.error;
    failed.push({ code, message });
  });
  release(() => void router.stop());
  await router.start();
  for (const address of addresses) router.peers.add(address);
  await until(() => failed.length > 0);
  await router.stop();
  return failed[0] ?? { code: '', message: '' };
}

describe('a refusal before the proof', () => {
  it('of a banned address says that it was refused, and not why', async () => {
    const { router, events } = await listener({});
    router.peers.ban({ ip: '127.0.0.1' });
    const { code, message } = await dialError(router.addresses);
    expect(code).toBe('RXMESH_PEER_REFUSED');
    expect(message).toMatch(/: the other side refused the connection: refused$/);
    expect(events.at(-1)).toMatchObject({ error: { message: '127.0.0.1 is banned' } });
    await router.stop();
  });

  it('by admit.connection keeps its reason to itself', async () => {
    const { router } = await listener({ admit: { connection: () => 'a secret' } });
    const { code, message } = await dialError(router.addresses);
    expect(code).toBe('RXMESH_PEER_REFUSED');
    expect(message).toMatch(/: refused$/);
    await router.stop();
  });

  it('for too many connections says so', async () => {
    const limits = { connectionsPerSecond: 1, connectionsPerSecondPerHost: 1 };
    const { router } = await listener({ limits });
    // The first connection uses up the second.
    const wrong = router.addresses.map((text) => text.replace(router.id, identity(3).id));
    expect((await dialError(wrong)).code).toBe('RXMESH_IDENTITY_MISMATCH');
    expect(await dialError(router.addresses)).toMatchObject({
      code: 'RXMESH_PEER_REFUSED',
      message: expect.stringMatching(/: too many connections, try again later$/),
    });
    await router.stop();
  });

  it('does not wait for a client that never answers', async () => {
    const transport = webSocket({ listen: { host: '127.0.0.1' } });
    const heard: Buffer[] = [];
    let isGone = false;
    const incoming = transport.incoming$.subscribe((connection) => connection.close('not now'));
    await until(() => transport.endpoints.length > 0);
    const { port = 0 } = transport.endpoints[0] ?? {};
    const { hello } = secureDial();
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    release(() => client.destroy());
    client.on('data', (bytes) => heard.push(bytes)).on('end', () => (isGone = true));
    client.write(
      [
        'GET / HTTP/1.1',
        'Host: 127.0.0.1',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
        `Sec-WebSocket-Protocol: ${offeredProtocols(hello).join(', ')}`,
        '',
        '',
      ].join('\r\n'),
    );
    await until(() => isGone);
    // RFC 6455, 5.5.1: a close frame of 2 bytes of code 1008 (0x03f0), and the reason.
    const text = Buffer.concat(heard);
    expect(text.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
    expect(text.subarray(-11).toString('hex')).toBe(
      `880903f0${Buffer.from('not now').toString('hex')}`,
    );
    incoming.unsubscribe();
    transport.close();
  });
});

describe('a dial that gets an HTTP answer', () => {
  async function answering(listen: RequestListener): Promise<Endpoint> {
    const server = createServer(listen);
    release(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(0, '127.0.0.1');
    await until(() => server.listening);
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return { protocol: 'ws', ip: '127.0.0.1', port };
  }

  it('reports the status, and the first 100 characters', async () => {
    const endpoint = await answering((_request, response) => {
      response.writeHead(403, { Connection: 'close' }).end(`stay\u001b out${'.'.repeat(10_000)}`);
    });
    await expect(firstValueFrom(webSocket().dial(endpoint))).rejects.toMatchObject({
      code: 'RXMESH_DIAL_FAILED',
      message: expect.stringMatching(/: the server answered 403 Forbidden: stay\\u001b out\.{91}$/),
    });
  });

  it.each(['', 'stay out'])(
    'that never ends, reports the status after a second: %j',
    async (text) => {
      const endpoint = await answering((_request, response) => {
        response.writeHead(403).flushHeaders();
        if (text !== '') response.write(text);
      });
      const clock = new VirtualClock();
      let problem: unknown;
      webSocket({ clock })
        .dial(endpoint)
        .subscribe({ error: (error: unknown) => (problem = error) });
      await until(() => {
        clock.advance(100);
        return problem !== undefined;
      });
      expect(problem).toMatchObject({
        code: 'RXMESH_DIAL_FAILED',
        message: expect.stringMatching(/: the server answered 403 Forbidden(?:: stay out)?$/),
      });
      expectIdle(clock.scheduler);
    },
  );

  it('of a listener that refuses its origin reports the reason', async () => {
    const transport = webSocket({ listen: { host: '127.0.0.1' } });
    const incoming = transport.incoming$.subscribe();
    await until(() => transport.endpoints.length > 0);
    const dialer = webSocket({ dial: { headers: { Origin: 'https://example.com' } } });
    await expect(
      firstValueFrom(dialer.dial(transport.endpoints[0] ?? { protocol: 'ws' })),
    ).rejects.toThrow('the server answered 403 Forbidden: pages from this origin may not connect');
    incoming.unsubscribe();
    transport.close();
  });
});

describe('a router behind a trusted proxy, while 100 hosts open connections and say nothing', () => {
  it('lets in the peer that it chose', async () => {
    const friend = identity(2);
    const host = '127.9.9.9';
    const { router, events } = await listener({
      transports: [webSocket({ listen: { host: '127.0.0.1', trustedProxies: ['127.0.0.1'] } })],
      limits: { connectionsPerSecond: 8, handshakes: 8 },
      // Nobody listens there: the friend is the one that dials.
      peers: { persistent: [`ws://${friend.id}@${host}:1`] },
    });
    const { port = 0 } = router.snapshot().endpoints[0] ?? {};
    const through = (ip: string) => webSocket({ dial: { headers: { 'X-Forwarded-For': ip } } });
    const endpoint = { protocol: 'ws', ip: '127.0.0.1', port };
    for (let n = 0; n < 100; n += 1) {
      const dial = through(`10.0.0.${n}`).dial(endpoint);
      const attacker = dial.subscribe({
        next: (connection) => release(() => connection.close()),
        error: () => undefined,
      });
      release(() => attacker.unsubscribe());
    }
    await until(() => events.filter(({ type }) => type === 'connection-refused').length > 50);
    const dialer = createRouter({
      identity: friend,
      network: 'n',
      transports: [through(host)],
      peers: { addresses: [...router.addresses], retryJitterMs: 0 },
    });
    release(() => void dialer.stop());
    await dialer.start();
    await until(() => router.isUp(friend.id));
    await Promise.all([dialer.stop(), router.stop()]);
  });
});
