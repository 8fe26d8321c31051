import { describe, expect, it } from '@jest/globals';
import { block, type Channel, dropOldest, raw } from 'rxmesh';
import { trackLeaks } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';
import { connected, node, numberOf, sendAll } from './two-routers.ts';

trackLeaks();

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

  // One that waits: routers.slow.spec.ts.
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

  it('what has arrived is delivered after its sender has stopped', async () => {
    const [a, b] = [node(), node()];
    const data = a.router.openChannel({ id: 0x21, codec: raw(), outbound: block(64) });
    const slow = b.router.openChannel({ id: 0x21, codec: raw(), inbound: block(2) });
    await connected(a, b);
    await sendAll(data, b, 10, 64);
    await a.router.stop();
    expect(b.router.isUp(a.router.id)).toBe(true);
    const heard: number[] = [];
    slow.in$.subscribe(({ message }) => heard.push(numberOf(message)));
    await until(() => b.events.some(({ type }) => type === 'peer-down'));
    await until(() => heard.length === 10);
    expect(heard).toEqual(Array.from({ length: 10 }, (_, at) => at));
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
    const texts = ['peer is on network "test-chain"', 'peer has block version 11, this node 0'];
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
