import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import {
  createRouter,
  Identity,
  parseNodeAddress,
  type Router,
  type RouterEvent,
} from '../../../lib/index.ts';
import { webSocket, type WebSocketListenOptions } from '../../../transports/websocket/index.ts';
import { certificate, certificateKey } from '../../support/certificate.ts';
import { until } from '../../support/until.ts';
import { Log, releases } from './support.ts';
import { trackLeaks } from '../../support/leaks.ts';

const routers: Router[] = [];
afterEach(async () => {
  await Promise.all(routers.splice(0).map((router) => router.stop()));
});
const release = releases();
trackLeaks();

/**
 * Addresses of this machine with the interfaces that have them, those of one link first: they need
 * a zone.
 */
const [zoned = '::1%lo'] = Object.entries(networkInterfaces())
  .flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ family, address }) => (family === 'IPv6' ? [`${address}%${name}`] : [])),
  )
  .sort((a, b) => Number(b.startsWith('fe80:')) - Number(a.startsWith('fe80:')));

describe('L-39 an IPv6 address with a zone', () => {
  const tls = { cert: certificate, key: certificateKey };

  it.each(['ws', 'wss'])('is listened at and dialed with it: %s', async (protocol) => {
    const options = protocol === 'wss' ? { tls } : {};
    const listener = webSocket({ listen: { host: zoned, ...options } });
    release(() => listener.close());
    const incoming = new Log(listener.incoming$);
    await until(() => listener.endpoints.length === 1);
    const port = listener.endpoints[0]?.port ?? 0;
    const checked: unknown[] = [];
    const checkServerIdentity = (host: string): undefined => void checked.push(host);
    const dialer = webSocket({ dial: { tls: { ca: certificate, checkServerIdentity } } });
    const dial = new Log(dialer.dial({ protocol, ip: zoned, port }));
    await until(() => dial.end !== 'open' && incoming.values.length === 1);
    expect(dial.end).toBe('complete');
    // No certificate has a zone.
    expect(checked).toEqual(protocol === 'wss' ? [zoned.replace(/%.*/, '')] : []);
    for (const { values } of [dial, incoming]) for (const each of values) each.close();
  });

  it.each(['ws', 'wss'])('that nobody listens at fails: %s', async (protocol) => {
    const dial = new Log(webSocket().dial({ protocol, ip: zoned, port: 9 }));
    await until(() => dial.end !== 'open');
    expect(dial.end).toBe('RXMESH_DIAL_FAILED');
  });

  it('is one of a peer, as text', async () => {
    const ann = await started({ host: zoned });
    const [address = ''] = ann.addresses;
    expect(parseNodeAddress(address).host?.split('%')[0]).toBe(zoned.split('%')[0]);
    const { host = '' } = parseNodeAddress(`ws://${ann.id}@[${zoned}]`);
    expect(host).toBe(zoned);
    const port = parseNodeAddress(address).port ?? 0;
    const { nodeInfo } = await upAt(`ws://${ann.id}@[${zoned.replace('%', '%25')}]:${port}`);
    // `::1` has lost its zone, which it does not need.
    expect(nodeInfo.listenAddress).not.toContain('%');
  });
});

describe('L-39 a node that listens on all interfaces', () => {
  it('shows its port to its own user, and tells a peer the IP that the peer has dialed', async () => {
    const ann = await started({});
    const [address = ''] = ann.addresses;
    const { host, port } = parseNodeAddress(address);
    expect(['::', '0.0.0.0']).toContain(host);
    expect(port).toBeGreaterThan(0);
    const { nodeInfo } = await upAt(`ws://${ann.id}@127.0.0.1:${port ?? 0}`);
    expect(nodeInfo.addresses).toEqual([`ws://127.0.0.1:${port ?? 0}`]);
  });

  it('tells the addresses of all its transports', async () => {
    const ann = await started({}, { host: '127.0.0.1' });
    const told = ann.addresses.map((address) => parseNodeAddress(address));
    const ports = told.map(({ port = 0 }) => port);
    const { nodeInfo } = await upAt(`ws://${ann.id}@127.0.0.1:${ports[1] ?? 0}`);
    expect(nodeInfo.addresses).toEqual(ports.map((port) => `ws://127.0.0.1:${port}`));
  });
});

/** A node that listens at these places. */
async function started(...listen: readonly WebSocketListenOptions[]): Promise<Router> {
  const transports = listen.map((options) => webSocket({ listen: options }));
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'zones',
    transports,
  });
  routers.push(router);
  await router.start();
  return router;
}

/** What the node at this address tells of itself to one that dials it. */
async function upAt(address: string): Promise<Extract<RouterEvent, { type: 'peer-up' }>> {
  const identity = await Identity.generate();
  const peers = { addresses: [address] };
  const router = createRouter({ identity, network: 'zones', transports: [webSocket()], peers });
  routers.push(router);
  const first = firstValueFrom(router.events$);
  await router.start();
  const event = await first;
  if (event.type !== 'peer-up') throw new Error(JSON.stringify(event));
  return event;
}
