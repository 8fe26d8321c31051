import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { createRouter, Identity, json, type Router } from 'rxmesh';
import { type Deliveries, deliveries } from 'rxmesh/deliveries';
import { webSocket } from 'rxmesh/transports/websocket';
import { firstValueFrom } from 'rxjs';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('over WebSocket, with databases of classic-level', () => {
  it('a message is delivered to a node that starts later, and its effect is in the database', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rxmesh-deliveries-'));
    ends.push(() => rm(directory, { recursive: true }));
    const identity = await Identity.generate();
    const stores: ClassicLevel[] = [];
    const start = async (name: string, own: Identity): Promise<[Router, Deliveries<string>]> => {
      const store = new ClassicLevel(join(directory, name));
      stores.push(store);
      const listen = { host: '127.0.0.1', port: 0 };
      const transports = [webSocket({ listen })];
      const router = createRouter({ identity: own, network: 'texts', transports });
      const service = deliveries(router, { id: 1, codec: json<string>(), store });
      await router.start();
      ends.push(
        () => store.close(),
        () => router.stop(),
      );
      return [router, service];
    };
    const [sender, sending] = await start('sender', await Identity.generate());
    const delivered = firstValueFrom(sending.deliver({ to: identity.id, message: 'hello' }));
    const [receiver, receiving] = await start('receiver', identity);
    receiving.handle(({ message }) => [
      { type: 'put', key: 'text', value: new TextEncoder().encode(message) },
    ]);
    sender.peers.add(receiver.addresses[0] ?? '');
    expect(await delivered).toEqual({ to: identity.id, message: 'hello' });
    expect(await stores[1]?.get('text')).toBe('hello');
    const range = { gt: 'rxmesh-deliveries/1/1/message/', lt: 'rxmesh-deliveries/1/1/message/~' };
    expect(await stores[0]?.keys(range).all()).toEqual([]);
  });
});
