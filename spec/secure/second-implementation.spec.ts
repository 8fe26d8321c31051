import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { platformCrypto } from '#platform/crypto';
import { createRouter, Identity, parseNodeId, raw, type RouterEvent } from '../../lib/index.ts';
import { webSocket } from '../../transports/websocket/index.ts';
import { trackLeaks } from '../support/leaks.ts';
import { accept, dial, idOf, type SecondNode } from '../support/second-implementation.ts';
import { until } from '../support/until.ts';

const host = '127.0.0.1';
const network = 'interop';
const self = { identity: generateKeyPairSync('ed25519'), network };
const id = idOf(self.identity.publicKey);
const releases: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

/** A router with the channel 300, and all that it hears. */
async function routerWith(transport: ReturnType<typeof webSocket>, peers: readonly string[] = []) {
  const router = createRouter({
    identity: await Identity.generate(),
    network,
    transports: [transport],
    peers: { persistent: peers },
  });
  releases.push(() => router.stop());
  const channel = router.openChannel({ id: 300, codec: raw() });
  const messages: string[] = [];
  channel.in$.subscribe(({ message }) => messages.push(Buffer.from(message).toString('hex')));
  const events: RouterEvent[] = [];
  router.events$.subscribe((event) => events.push(event));
  const statuses: string[] = [];
  router.peers$.subscribe(({ id, status }) => statuses.push(`${status} ${id}`));
  await router.start();
  return { router, channel, messages, events, statuses };
}

/** A router that listens, and its URL. */
async function listening() {
  const node = await routerWith(webSocket({ listen: { port: 0, host } }));
  const { port } = node.router.snapshot().endpoints[0] ?? {};
  return { ...node, url: `ws://${host}:${port}/` };
}

type Node = Awaited<ReturnType<typeof routerWith>>;

/**
 * Credit, data both ways, and a ping. The second node has been proved to the router, and the other
 * way round.
 */
async function checkTraffic({ router, channel, messages, statuses }: Node, second: SecondNode) {
  second.send(4, 2, 300, 10, 1_000);
  await until(() => statuses.length > 0);
  expect(statuses).toEqual([`up ${id}`]);
  await until(() => second.heard.includes('accept'));
  expect(second.heard).toContain('credit 300 64 4194304');

  second.send(1, 300, 2, Uint8Array.of(0xaa, 0xbb), 1, 300, 0);
  await until(() => messages.length === 2);
  expect(messages).toEqual(['aabb', '']);

  channel.out.next({ to: parseNodeId(id), message: Uint8Array.of(1, 2, 3) });
  await until(() => second.heard.includes('data 300 010203'));

  const pongs = second.heard.filter((heard) => heard.startsWith('pong ')).length;
  second.send(5);
  await until(() => second.heard.filter((heard) => heard.startsWith('pong ')).length === pongs + 1);
  expect(router.snapshot().peers).toHaveLength(1);
}

/** A router that has dialed the second node. */
async function dialedBy(who: Parameters<typeof accept>[2]) {
  const server = new WebSocketServer({ port: 0, host, handleProtocols: () => 'rxmesh.2' });
  releases.push(() => new Promise((resolve) => server.close(resolve)));
  await new Promise((resolve) => server.on('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const accepted: Promise<SecondNode>[] = [];
  server.on('connection', (ws, { headers }) => {
    accepted.push(accept(ws, headers['sec-websocket-protocol'] ?? '', who));
  });
  const node = await routerWith(webSocket(), [`ws://${id}@${host}:${port}`]);
  await until(() => accepted.length === 1);
  const [second] = await Promise.all(accepted);
  if (second === undefined) throw new Error('nobody has dialed');
  return { node, second };
}

/** A router that the second node has dialed. */
async function dialing(who: Parameters<typeof dial>[2]) {
  const node = await listening();
  return { node, second: await dial(node.url, node.router.id, who) };
}

/** The messages that the second node got on the channel, some of them in pieces. */
function messagesAt({ heard }: SecondNode): readonly string[] {
  const pieces = heard.filter((line) => /^(more|data) 300 /.test(line));
  return pieces
    .map((line) => line.slice(9) + (line.startsWith('data') ? '\n' : ''))
    .join('')
    .split('\n')
    .slice(0, -1);
}

describe('S-04 a second implementation, written from docs/wire.md', () => {
  it('dials a router, talks with it, and says bye', async () => {
    const node = await listening();
    const second = await dial(node.url, node.router.id, self);
    expect(second.peer).toBe(node.router.id);
    await checkTraffic(node, second);
    second.close();
    await until(() => node.statuses.length === 2);
    expect(node.statuses[1]).toBe(`down ${id}`);
    expect(node.events.find(({ type }) => type === 'peer-down')).toMatchObject({
      error: { code: 'RXMESH_CONNECTION_CLOSED', message: 'the peer closed the connection (done)' },
    });
  });

  it('is dialed by a router, talks with it, and hears its bye', async () => {
    const { node, second: dialed } = await dialedBy(self);
    expect(dialed.peer).toBe(node.router.id);
    await checkTraffic(node, dialed);
    await node.router.stop();
    await until(() => dialed.heard.at(-1)?.startsWith('bye') === true);
    expect(dialed.heard.at(-1)).toBe('bye 0');
  });

  it('dials somebody else, and tells it nothing', async () => {
    const node = await listening();
    const second = dial(node.url, '0'.repeat(40), self);
    await expect(second).rejects.toThrow(`${node.router.id} answered`);
    await until(() => node.events.length > 0);
    expect(node.events[0]).toMatchObject({ type: 'connection-refused' });
  });

  it.each(['dialed', 'dials'])(
    'seals long records with AES if both offer it, and %s',
    async (way) => {
      const aesSelf = { ...self, features: ['aes-256-gcm'] };
      const { node, second } = await (way === 'dialed' ? dialedBy(aesSelf) : dialing(aesSelf));
      // Where AES is not faster, the router does not offer it.
      expect(second.usesAes).toBe(platformCrypto.fastAes256Gcm() !== undefined);
      second.send(4, 2, 300, 10, 1_000_000);
      await until(() => node.statuses.length > 0);
      const bytes = new Uint8Array(3_000).fill(7);
      // A short one between long ones: they share their numbers, and not their keys.
      for (const message of [bytes, bytes.subarray(0, 2), bytes]) {
        second.send(1, 300, message.length, message);
        node.channel.out.next({ to: parseNodeId(id), message });
      }
      await until(() => node.messages.length === 3 && messagesAt(second).length === 3);
      expect(node.messages.map((message) => message.length / 2)).toEqual([3_000, 2, 3_000]);
      expect(messagesAt(second)).toEqual(node.messages);
      second.close();
    },
  );

  it('changes keys after 1,024 records, as the router does', async () => {
    const node = await listening();
    const second = await dial(node.url, node.router.id, self);
    second.send(4, 2, 300, 10, 1_000);
    await until(() => node.statuses.length > 0);
    const credit = (): number =>
      second.heard
        .filter((heard) => heard.startsWith('credit 300'))
        .reduce((sum, heard) => sum + Number(heard.split(' ')[2]), 0);
    for (let sent = 0; sent < 2_100; sent += 1) {
      if (credit() <= sent) await until(() => credit() > sent);
      second.send(1, 300, 1, Uint8Array.of(sent % 256));
    }
    await until(() => node.messages.length === 2_100);
    expect(node.messages.at(-1)).toBe('33');
    expect(node.statuses).toHaveLength(1);
    second.close();
  });
});

trackLeaks();
