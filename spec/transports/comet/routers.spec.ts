import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import {
  block,
  type Channel,
  createRouter,
  dropOldest,
  Identity,
  raw,
  type Router,
  type RouterEvent,
  type RouterOptions,
} from 'rxmesh';
import { comet } from '../../../transports/comet/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';

const routers: Router[] = [];

afterEach(async () => {
  await Promise.all(routers.splice(0).map((router) => router.stop()));
});
trackLeaks();

interface Node {
  readonly router: Router;
  readonly events: RouterEvent[];
}

/** A node that listens on a free port and dials the others; its channels are still to be opened. */
function node(others: readonly string[] = [], options: Partial<RouterOptions> = {}): Node {
  const router = createRouter({
    identity: Identity.fromSeed(crypto.getRandomValues(new Uint8Array(32))),
    network: 'test-chain',
    protocolVersion: { block: 11, app: 0 },
    transports: [comet({ listen: { host: '127.0.0.1' }, flushMs: 0 })],
    peers: { persistent: others, retryMinMs: 20, retryJitterMs: 0 },
    ...options,
  });
  routers.push(router);
  const events: RouterEvent[] = [];
  router.events$.subscribe((event) => events.push(event));
  return { router, events };
}

async function connected(a: Node, b: Node): Promise<void> {
  await b.router.start();
  for (const address of b.router.addresses) a.router.peers.add(address);
  await a.router.start();
  await Promise.all([a.router.whenUp(b.router.id), b.router.whenUp(a.router.id)]);
}

/** Sends numbers, each in a message of this length. */
async function sendAll(channel: Channel<Uint8Array>, to: Node, count: number, length: number) {
  for (let at = 0; at < count; at += 1) {
    const message = new Uint8Array(length);
    new DataView(message.buffer).setUint32(0, at);
    await firstValueFrom(channel.send({ to: to.router.id, message }), { defaultValue: null });
  }
}

const numberOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);

describe('two nodes over CometBFT’s wire', () => {
  it('exchange messages of all sizes both ways, in order, and say goodbye', async () => {
    const [a, b] = [node(), node()];
    const [fromA, fromB] = [a, b].map(({ router }) =>
      router.openChannel({ id: 0x20, codec: raw(), inbound: block(8), outbound: block(8) }),
    ) as [Channel<Uint8Array>, Channel<Uint8Array>];
    await connected(a, b);
    const heard: [number, number][][] = [[], []];
    fromA.in$.subscribe(({ message }) => heard[0]?.push([numberOf(message), message.length]));
    fromB.in$.subscribe(({ message }) => heard[1]?.push([numberOf(message), message.length]));
    await Promise.all([sendAll(fromA, b, 300, 5_000), sendAll(fromB, a, 300, 50)]);
    await until(() => heard[0]?.length === 300 && heard[1]?.length === 300);
    expect(heard[1]).toEqual(Array.from({ length: 300 }, (_, at) => [at, 5_000]));
    expect(heard[0]).toEqual(Array.from({ length: 300 }, (_, at) => [at, 50]));
    await b.router.stop();
    await until(() => a.events.some(({ type }) => type === 'peer-down'));
    const dropped = [...a.events, ...b.events].filter(({ type }) => type === 'message-dropped');
    expect(dropped).toEqual([]);
  });

  it('a full block lane loses nothing: its peer waits, with all of its channels', async () => {
    const [a, b] = [node(), node()];
    const options = { codec: raw(), inbound: block(4), outbound: block(4) };
    const data = a.router.openChannel({ id: 0x21, ...options });
    const urgent = a.router.openChannel({ id: 0x20, ...options });
    const slow = b.router.openChannel({ id: 0x21, ...options });
    const other = b.router.openChannel({ id: 0x20, ...options });
    const heard: number[] = [];
    let others = 0;
    other.in$.subscribe(() => (others += 1));
    await connected(a, b);
    const sending = sendAll(data, b, 2_000, 4_096);
    const granted = (): number => b.router.snapshot().peers[0]?.channels[0]?.inbound.depth ?? 0;
    await until(() => granted() === 4);
    await sendAll(urgent, b, 4, 16);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The lane of 4 is full, and nothing behind the fifth message has been read.
    expect([granted(), others]).toEqual([4, 0]);
    slow.in$.subscribe(({ message }) => heard.push(numberOf(message)));
    await sending;
    await until(() => heard.length === 2_000 && others === 4);
    expect(heard).toEqual(Array.from({ length: 2_000 }, (_, at) => at));
    expect(b.events.filter(({ type }) => type === 'message-dropped')).toEqual([]);
  });

  it('a lane that drops holds up nobody, and reports what it dropped', async () => {
    const [a, b] = [node(), node()];
    const lane = dropOldest(4);
    const data = a.router.openChannel({ id: 0x21, codec: raw() });
    b.router.openChannel({ id: 0x21, codec: raw(), inbound: lane });
    await connected(a, b);
    await sendAll(data, b, 100, 64);
    const drops = (): number =>
      b.events.reduce(
        (sum, event) => sum + (event.type === 'message-dropped' ? event.count : 0),
        0,
      );
    await until(() => drops() === 96);
  });

  it('a message for a channel that was closed is dropped and reported', async () => {
    const [a, b] = [node(), node()];
    const said = a.router.openChannel({ id: 0x21, codec: raw() });
    const closed = b.router.openChannel({ id: 0x21, codec: raw() });
    b.router.openChannel({ id: 0x20, codec: raw() });
    await connected(a, b);
    closed.close();
    await sendAll(said, b, 1, 64);
    await until(() => b.events.some(({ type }) => type === 'message-dropped'));
    expect(b.events.find(({ type }) => type === 'message-dropped')).toMatchObject({
      channel: 0x21,
      reason: 'channel-closed',
      peer: a.router.id,
    });
    expect(b.router.isUp(a.router.id)).toBe(true);
  });

  it('nodes of other networks and other block versions are told apart', async () => {
    const b = node();
    b.router.openChannel({ id: 0x20, codec: raw() });
    await b.router.start();
    const others = [{ network: 'other' }, { protocolVersion: { block: 0, app: 0 } }];
    const texts = ['peer is on network "test-chain"', 'peer has block version 11, and we have 0'];
    for (const [at, options] of others.entries()) {
      const a = node(b.router.addresses, options);
      a.router.openChannel({ id: 0x20, codec: raw() });
      await a.router.start();
      await until(() => a.events.some(({ type }) => type === 'dial-failed'));
      const failed = a.events.find((event) => event.type === 'dial-failed');
      expect(failed?.error.code).toBe('RXMESH_INCOMPATIBLE');
      expect(failed?.error.message).toContain(texts[at]);
    }
  });

  it('dialing another node than the one that answers fails before it learns who we are', async () => {
    const [a, b] = [node(), node()];
    for (const { router } of [a, b]) router.openChannel({ id: 0x20, codec: raw() });
    await b.router.start();
    const [address = ''] = b.router.addresses;
    a.router.peers.add(address.replace(b.router.id, 'ab'.repeat(20)).replace('tcp:', 'mconn:'));
    await a.router.start();
    await until(() => a.events.some(({ type }) => type === 'dial-failed'));
    expect(a.events.find(({ type }) => type === 'dial-failed')).toMatchObject({
      error: { code: 'RXMESH_IDENTITY_MISMATCH' },
    });
  });

  it('two nodes that dial each other at once end up with one connection', async () => {
    const [a, b] = [node(), node()];
    for (const { router } of [a, b]) router.openChannel({ id: 0x20, codec: raw() });
    await Promise.all([a.router.start(), b.router.start()]);
    for (const address of b.router.addresses) a.router.peers.add(address);
    for (const address of a.router.addresses) b.router.peers.add(address);
    await Promise.all([a.router.whenUp(b.router.id), b.router.whenUp(a.router.id)]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([a.router.snapshot().peers.length, b.router.snapshot().peers.length]).toEqual([1, 1]);
  });
});
