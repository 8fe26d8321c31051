import { afterEach, describe, expect, it } from '@jest/globals';
import { filter, firstValueFrom, interval, lastValueFrom, map, takeUntil } from 'rxjs';
import {
  createRouter,
  flowFrom,
  Identity,
  json,
  type Router,
  type RouterOptions,
  RxmeshError,
} from '../../../lib/index.ts';
import { faulty } from '../../../lib/testing/index.ts';
import { TcpLine, type TcpLineOptions } from '../../../lib/testing/tcp/index.ts';
import { pipeTo, sendTo } from '../../../operators/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { trackLeaks } from '../../support/leaks.ts';

const host = '127.0.0.1';
const count = 5_000;
/** About 100 bytes a message: half a megabyte in all. */
const text = 'x'.repeat(80);

/** What breaks, and whether messages may be lost by it. */
const lines: readonly (readonly [string, TcpLineOptions, 'whole' | 'lossy'])[] = [
  ['fragments of 1 to 400 bytes', { faults: { fragmentBytesMax: 400 } }, 'whole'],
  [
    'latency, jitter and little bandwidth',
    { latencyMs: 10, jitterMs: 10, bytesPerSecond: 300_000 },
    'whole',
  ],
  ['resets', { faults: { cutAfterBytes: [2_000, 200_000] } }, 'lossy'],
  ['ends in the middle of a record', { faults: { truncateAfterBytes: [2_000, 200_000] } }, 'lossy'],
  ['flipped bits', { faults: { flipEveryBytes: 80_000 } }, 'lossy'],
  [
    'floods of garbage',
    { faults: { flood: { afterBytes: [0, 200_000], bytes: 500_000 } } },
    'lossy',
  ],
];

interface Numbered {
  readonly n: number;
  readonly text: string;
}

const opened: (() => Promise<void>)[] = [];

async function nodeWith(options: Partial<RouterOptions>, persistent: readonly string[] = []) {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'broken-lines',
    transports: [webSocket()],
    timeouts: { drainMs: 50 },
    // It dials again at once, so that the spec takes seconds.
    peers: {
      persistent,
      retryMinMs: 10,
      retryJitterMs: 0,
      retryMaxPersistentMs: 100,
      disconnectCooldownMs: 10,
    },
    ...options,
  });
  opened.push(() => router.stop());
  return { router, channel: router.openChannel({ id: 1, codec: json<Numbered>() }) };
}

/** Two nodes with a line between them. The far one is started, the near one is not. */
async function pairOver(options: TcpLineOptions, keepAlive: RouterOptions['keepAlive'] = {}) {
  const listening = webSocket({ listen: { port: 0, host } });
  const far = await nodeWith({ transports: [listening], keepAlive });
  await far.router.start();
  const line = await TcpLine.open(far.router.snapshot().endpoints[0]?.port ?? 0, options);
  opened.push(() => line.close());
  const address = `ws://${far.router.id}@${host}:${line.port}`;
  return { far, near: await nodeWith({ keepAlive }, [address]), line };
}

/** The errors of all events, which must be typed. */
function errorsOf(router: Router): unknown[] {
  const errors: unknown[] = [];
  router.events$.subscribe((event) => {
    if ('error' in event && event.error !== undefined) errors.push(event.error);
  });
  return errors;
}

/** The same with the line in the near node's transport. */
async function pairBehind(options: TcpLineOptions) {
  const far = await nodeWith({ transports: [webSocket({ listen: { port: 0, host } })] });
  await far.router.start();
  const line = faulty(webSocket(), options);
  const port = far.router.snapshot().endpoints[0]?.port ?? 0;
  const near = await nodeWith({ transports: [line] }, [`ws://${far.router.id}@${host}:${port}`]);
  return { far, near, line };
}

describe('two nodes over a line with', () => {
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((close) => close()));
  });
  trackLeaks();

  const cases = lines.flatMap(([name, line, loss]) =>
    [1, 2, 3].map((seed) => ({ name, line: { ...line, seed }, loss, seed, open: pairOver })),
  );
  // A transport carries whole frames.
  const wrapped = lines
    .filter(([, { faults }]) => faults?.fragmentBytesMax === undefined)
    .flatMap(([name, line, loss]) =>
      [1, 2].map((seed) => ({
        name: `${name}, in a transport`,
        ...{ line: { ...line, seed }, loss, seed, open: pairBehind },
      })),
    );

  it.each([...cases, ...wrapped])(
    '$name, seed $seed: no message twice or out of order, typed errors, and they meet again',
    async ({ line, loss, open }) => {
      const { far, near, line: between } = await open(line);
      const faults: unknown[] = [];
      between.faults$.subscribe((fault) => faults.push(fault));
      const errors = [errorsOf(far.router), errorsOf(near.router)];
      const arrived: number[] = [];
      far.channel.in$.subscribe(({ message }) => arrived.push(message.n));
      const last = firstValueFrom(
        far.channel.in$.pipe(filter(({ message }) => message.n === count)),
      );
      await near.router.start();

      const numbers = Array.from({ length: count }, (_, n) => ({ n, text }));
      const sent = flowFrom(numbers).pipe(sendTo(far.router.id), pipeTo(near.channel));
      expect(await lastValueFrom(sent)).toMatchObject({ accepted: count, dropped: 0 });
      // The last one may be lost as well, so it is sent until it arrives.
      interval(50)
        .pipe(
          map(() => ({ to: far.router.id, message: { n: count, text } })),
          takeUntil(last),
        )
        .subscribe(near.channel.out);
      await last;

      const numbered = arrived.filter((n) => n < count);
      expect(numbered).toEqual([...new Set(numbered)].sort((one, other) => one - other));
      if (loss === 'whole') expect(numbered.length).toBe(count);
      else expect(faults.length).toBeGreaterThan(0);
      for (const error of errors.flat()) expect(error).toBeInstanceOf(RxmeshError);
      await near.router.whenUp(far.router.id);
    },
    30_000,
  );

  it('silence: each counts the other as down, and they meet again after it', async () => {
    const { far, near, line } = await pairOver({}, { intervalMs: 200, timeoutMs: 600 });
    await near.router.start();
    await near.router.whenUp(far.router.id);
    const down = [near, far].map(({ router }) =>
      firstValueFrom(router.events$.pipe(filter((event) => event.type === 'peer-down'))),
    );
    line.freeze();
    const codes = (await Promise.all(down)).map(({ error }) => error?.code);
    expect(codes).toEqual(['RXMESH_PEER_TIMEOUT', 'RXMESH_PEER_TIMEOUT']);
    line.thaw();
    await near.router.whenUp(far.router.id);
    await far.router.whenUp(near.router.id);
  }, 20_000);
});
