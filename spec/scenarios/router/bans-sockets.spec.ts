import { describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import { createRouter, Identity, type Router, type RouterEvent } from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { protocols } from '../../transports/websocket/support.ts';

async function nodeWith(...addresses: readonly string[]): Promise<Router> {
  const listen = { host: '127.0.0.1' };
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'bans',
    transports: [webSocket(addresses.length === 0 ? { listen } : {})],
    peers: { persistent: addresses, retryJitterMs: 0 },
  });
  await router.start();
  return router;
}

describe('S-07 a ban, over real sockets', () => {
  it("of an IP closes its connections before the first handshake byte; a peer's own takes effect immediately", async () => {
    const ann = await nodeWith();
    const events: RouterEvent[] = [];
    ann.events$.subscribe((event) => events.push(event));
    const [address = ''] = ann.addresses;
    const bob = await nodeWith(address);
    await firstValueFrom(ann.peers$);

    ann.peers.ban({ ip: '127.0.0.0/8', forMs: 60_000 });
    expect(ann.snapshot().peers).toEqual([]);
    const url = new URL(address);
    url.username = '';
    const stranger = new WebSocket(url, [...protocols]);
    let bytes = 0;
    stranger.on('message', (data: Buffer) => (bytes += data.length));
    // The connection is cut before the answer is written, so the client has no more detail.
    stranger.on('error', () => undefined);
    await new Promise((resolve) => stranger.on('close', resolve));
    expect(bytes).toBe(0);
    const refused = events.filter(({ type }) => type === 'connection-refused');
    expect(refused[0]).toMatchObject({
      remote: { ip: '127.0.0.1' },
      error: { code: 'RXMESH_PEER_BANNED', message: '127.0.0.1 is banned' },
    });

    expect(ann.peers.unban({ ip: '127.0.0.0/8' })).toBe(true);
    bob.peers.redial();
    await firstValueFrom(ann.peers$);
    await Promise.all([ann.stop(), bob.stop()]);
  });
});

trackLeaks();
