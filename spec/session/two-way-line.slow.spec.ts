import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type Channel,
  createRouter,
  flowFrom,
  Identity,
  type NodeId,
  raw,
  type Router,
  type RouterOptions,
} from '../../lib/index.ts';
import { TcpLine } from '../../lib/testing/tcp/index.ts';
import { pipeTo } from '../../operators/index.ts';
import { webSocket } from '../../transports/websocket/index.ts';

const host = '127.0.0.1';
const bytesPerSecond = 1_250_000;
const message = new Uint8Array(1_024);

/** Sends without end, and counts the bytes that come back. */
class Bulk {
  bytes = 0;
  readonly #channel: Channel<Uint8Array>;

  constructor(router: Router) {
    this.#channel = router.openChannel({ id: 1, codec: raw() });
    this.#channel.in$.subscribe((envelope) => (this.bytes += envelope.message.length));
  }

  begin(to: NodeId): void {
    function* endless() {
      for (;;) yield { to, message };
    }
    flowFrom(endless()).pipe(pipeTo(this.#channel)).subscribe();
  }
}

const passMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('L-21 a real line of 50 ms and 10 Mbit/s', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  it('is filled in both directions, though one side begins later', async () => {
    const node = async (options: Pick<RouterOptions, 'transports' | 'peers'>) => {
      const router = createRouter({
        identity: await Identity.generate(),
        ...options,
        network: 'a',
      });
      stops.unshift(() => router.stop());
      return router;
    };
    const far = await node({ transports: [webSocket({ listen: { host, port: 0 } })] });
    await far.start();
    const { port = 0 } = far.snapshot().endpoints[0] ?? {};
    const line = await TcpLine.open(port, { latencyMs: 25, bytesPerSecond });
    stops.push(() => line.close());
    const persistent = [`ws://${far.id}@${host}:${line.port}`];
    const near = await node({ transports: [webSocket()], peers: { persistent } });
    const both = [near, far].map((router) => new Bulk(router));
    await near.start();
    await near.whenUp(far.id);
    both[0]?.begin(far.id);
    await passMs(2_000);
    both[1]?.begin(near.id);
    await passMs(3_000);
    const before = both.map(({ bytes }) => bytes);
    const seconds = 12;
    await passMs(seconds * 1_000);
    const shares = both.map(({ bytes }, at) => {
      return (bytes - (before[at] ?? 0)) / (seconds * bytesPerSecond);
    });
    expect(Math.min(...shares)).toBeGreaterThan(0.7);
  });
});
