import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { concatMap, firstValueFrom, lastValueFrom, range } from 'rxjs';
import { createRouter, raw, type Router } from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { identityOf } from '../../support/mock-node.ts';
import { soon } from '../../support/until.ts';
import { leakCheck, type LeakCheck } from '../../support/leaks.ts';

const bytes = { id: 1, codec: raw() };

const routers: Router[] = [];
let watch: LeakCheck | undefined;

/** Open sockets on both sides, of those that the test opened. */
const connections = (): number => (watch?.alive() ?? []).filter((kind) => kind === 'socket').length;

beforeEach(() => {
  watch = leakCheck();
});
// Whatever fails here, no socket is left to the specs that the same process runs next.
afterEach(async () => {
  await Promise.all(routers.splice(0).map((router) => router.stop()));
  watch?.stop();
});

/** A started router on WebSockets, with more time than a busy machine needs. */
async function routerOf(seed: number, ...persistent: string[]): Promise<Router> {
  const router = createRouter({
    identity: identityOf(seed),
    network: 'demo',
    transports: [webSocket({ listen: { host: '127.0.0.1' } })],
    peers: { persistent },
    timeouts: { drainMs: 10_000 },
  });
  routers.push(router);
  await router.start();
  return router;
}

describe('stop, over sockets', () => {
  it('resolves once the peers have read everything sent, and leaves no socket open', async () => {
    const receiver = await routerOf(1);
    const received: number[] = [];
    receiver.openChannel(bytes).in$.subscribe(({ message }) => received.push(message.length));
    const sender = await routerOf(2, ...receiver.addresses);
    const channel = sender.openChannel(bytes);
    await firstValueFrom(sender.peers$);
    const message = new Uint8Array(30_000);
    const sent$ = range(0, 200).pipe(concatMap(() => channel.send({ to: receiver.id, message })));
    await lastValueFrom(sent$);

    const stopped = sender.stop();
    expect(received.length).toBeLessThan(200);
    await stopped;
    expect(received).toEqual(Array.from({ length: 200 }, () => 30_000));
    expect(connections()).toBeLessThan(2);
    await receiver.stop();
    await soon(() => connections() === 0);
  });

  it('on both sides at the same time leaves no socket open either', async () => {
    const one = await routerOf(1);
    one.openChannel(bytes);
    const other = await routerOf(2, ...one.addresses);
    other.openChannel(bytes);
    await firstValueFrom(other.peers$);
    await Promise.all([one.stop(), other.stop()]);
    await soon(() => connections() === 0);
  });
});
