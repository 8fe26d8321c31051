/** A page in a real browser, as a node of the mesh; what it does stands in page.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { filter, firstValueFrom, map, Subscription, timer } from 'rxjs';
import {
  createRouter,
  Identity,
  protobuf,
  raw,
  type Channel,
  type Router,
  type RouterEvent,
} from '../../lib/index.ts';
import { CallError, calls } from '../../lib/calls/index.ts';
import { pipeTo } from '../../operators/index.ts';
import { webSocket, type WebSocketOptions } from '../../transports/websocket/index.ts';
import { Ping } from '../codec/messages.ts';
import { Site, type Visit } from './chromium.ts';
import { network, ReadingType, service, slowLane } from './shared.ts';

const largest = 3 * 2 ** 20;

let site: Site;
let node: Router;
let visit: Visit;
let running: Subscription;

beforeAll(async () => {
  site = await Site.open();
});
afterAll(() => site.close());

beforeEach(async () => {
  running = new Subscription();
  visit = await site.visit('/');
});
afterEach(async () => {
  running.unsubscribe();
  await node.stop();
  await visit.close();
});

/** A node that listens; resolves to its address. */
async function listen(listening: WebSocketOptions['listen'] = {}): Promise<string> {
  node = createRouter({
    identity: await Identity.generate(),
    network,
    transports: [
      webSocket({ listen: { host: '127.0.0.1', origins: [site.origin], ...listening } }),
    ],
  });
  await node.start();
  return node.addresses[0] ?? '';
}

/** Sends back what comes, to where it came from. */
function echo<T>(channel: Channel<T>): void {
  running.add(
    channel.in$
      .pipe(
        map(({ from, message }) => ({ to: from, message })),
        pipeTo(channel),
      )
      .subscribe(),
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await firstValueFrom(timer(10));
}

/** The node's next event of that type. */
function eventOf<T extends RouterEvent['type']>(type: T) {
  const isIt = (event: RouterEvent): event is Extract<RouterEvent, { type: T }> =>
    event.type === type;
  return firstValueFrom(node.events$.pipe(filter(isIt)));
}

describe('a page', () => {
  it('exchanges protobuf messages with a node, all of them, in order, under a strict content security policy', async () => {
    const address = await listen();
    echo(node.openChannel({ id: 1, codec: protobuf(Ping) }));
    const count = 20_000;
    expect(await visit.call('exchange', { address, count })).toEqual({
      sent: { accepted: count, dropped: 0 },
      came: count,
      inOrder: true,
    });
    expect(visit.errors).toEqual([]);
  });

  it('needs `unsafe-eval` for reflected types of protobufjs, and is told so', async () => {
    const address = await listen();
    echo(node.openChannel({ id: 4, codec: protobuf<{ seq: number }>(ReadingType) }));
    expect(await visit.call('reflect', { address, seq: 5 })).toBe('RXMESH_ENCODE_FAILED');
    const lax = await site.visit('/lax');
    try {
      expect(await lax.call('reflect', { address, seq: 5 })).toBe(5);
    } finally {
      await lax.close();
    }
  });

  it('sends and takes large messages whole', async () => {
    const address = await listen();
    echo(node.openChannel({ id: 3, codec: raw(), messageBytesMax: largest }));
    const request = { address, bytes: largest, count: 4 };
    expect(await visit.call('large', request)).toEqual([true, true, true, true]);
  });

  it('holds up the sender by what it does not take, and then gets all', async () => {
    const address = await listen();
    const lane = node.openChannel({
      id: 2,
      codec: raw(),
      outbound: { strategy: 'block', capacity: 16 },
    });
    const up = eventOf('peer-up');
    await visit.call('stall', { address });
    const { peer: to } = await up;
    const count = 2000;
    let pulled = 0;
    function* messages() {
      for (; pulled < count; pulled += 1) yield { to, message: Uint8Array.of(pulled % 251) };
    }
    running.add(pipeTo(lane)(messages()).subscribe());
    await until(async () => (await visit.call('waiting')) === slowLane);
    // What is under way is credit that the page has given, and no more.
    await firstValueFrom(timer(200));
    expect(await visit.call('waiting')).toBe(slowLane);
    expect(pulled).toBeLessThanOrEqual(slowLane + 16 + 2);
    const firstBytes = await visit.call('takeSlowly', { count });
    expect(firstBytes).toEqual(Array.from({ length: count }, (_, seq) => seq % 251));
  });

  it('calls a node: an answer, a stream that it leaves early, and an error', async () => {
    const address = await listen();
    const served = calls(node, service);
    let pulled = 0;
    const left = new Promise((resolve) => {
      served.serve({
        square: ({ request }) => {
          if (request < 0) throw new CallError('negative', 'only numbers from 0');
          return request ** 2;
        },
        *count({ request, signal }) {
          signal.addEventListener('abort', () => resolve(signal.reason));
          for (let n = request; ; n += 1) {
            pulled += 1;
            yield n;
          }
        },
      });
    });
    expect(await visit.call('ask', { address, taken: 3 })).toEqual({
      squared: 144,
      counted: [0, 1, 2],
      reason: 'negative',
    });
    expect(await left).toMatchObject({ code: 'RXMESH_CALL_CANCELLED' });
    expect(pulled).toBeLessThanOrEqual(4);
    expect(served.snapshot()).toEqual({ asking: 0, serving: 0, dropped: 0 });
    expect(visit.errors).toEqual([]);
  });

  it('has the same identity of a seed as Node has', async () => {
    await listen();
    const seed = Array.from({ length: 32 }, (_, index) => index * 5);
    expect(await visit.call('idOf', seed)).toBe(Identity.fromSeed(Uint8Array.from(seed)).id);
  });

  it('says goodbye when its router stops', async () => {
    const address = await listen();
    node.openChannel({ id: 2, codec: raw() });
    await visit.call('stall', { address });
    const down = eventOf('peer-down');
    await visit.call('stop');
    expect(await down).toMatchObject({ type: 'peer-down', direction: 'inbound' });
  });

  it('is down at once when its tab is closed', async () => {
    const address = await listen();
    node.openChannel({ id: 2, codec: raw() });
    await visit.call('stall', { address });
    const down = eventOf('peer-down');
    await visit.close();
    expect(await down).toMatchObject({ error: expect.anything() });
  });

  it('learns that it is refused when its origin is not wanted, and connects when it is', async () => {
    const refusing = await listen({ origins: ['https://example.com'] });
    const told = eventOf('connection-refused');
    const { code, message } = await visit.call('refused', { address: refusing });
    expect(code).toBe('RXMESH_DIAL_FAILED');
    expect(message).toContain('the connection failed');
    const { error } = await told;
    expect(error).toMatchObject({ code: 'RXMESH_ORIGIN_REFUSED' });
    expect(error.message).toContain(site.origin);
    await visit.call('stop');
    await node.stop();
    const wanting = await listen();
    const up = eventOf('peer-up');
    node.openChannel({ id: 2, codec: raw() });
    await visit.call('stall', { address: wanting });
    expect((await up).type).toBe('peer-up');
  });

  it('cannot listen, and is told so', async () => {
    await listen();
    expect(await visit.call('listen')).toBe('RXMESH_LISTEN_FAILED');
  });
});
