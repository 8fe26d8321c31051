/**
 * Measures deliveries from one process to another, over a WebSocket: how many a second, one at a
 * time and 256 at a time, and how long one takes. In memory, and with a LevelDB on each side.
 *
 *     npm run delivery-cost -- --ms 1000 --rounds 5
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { createRouter, Identity, json, parseNodeAddress, type Router } from 'rxmesh';
import { deliveries, type Deliveries, type DeliveryStore } from 'rxmesh/deliveries';
import { webSocket } from 'rxmesh/transports/websocket';
import { commandLine } from './command-line.ts';

const {
  numbers: { ms, rounds: roundsAsked },
  values,
} = commandLine({
  usage: `npm run delivery-cost -- [options]

  --rounds 5   how often to measure each
  --ms 1000    for how long`,
  numbers: { ms: 1_000, rounds: 5 },
  options: { receiver: { type: 'string' } },
});
const ids = { memory: 1, stores: 2 };
/** A JSON string of 64 bytes. */
const message = 'x'.repeat(62);

interface Services {
  readonly router: Router;
  readonly memory: Deliveries<string>;
  readonly stores: Deliveries<string>;
}

async function open(directory: string, address?: string): Promise<Services> {
  const listen = { listen: { host: '127.0.0.1', port: 0 } };
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'delivery-cost',
    transports: [webSocket(address === undefined ? listen : {})],
    peers: { persistent: address === undefined ? [] : [address] },
  });
  const database = new ClassicLevel(directory);
  await database.open();
  const service = (id: number, store?: DeliveryStore): Deliveries<string> =>
    deliveries(router, { id, codec: json<string>(), ...(store !== undefined && { store }) });
  return { router, memory: service(ids.memory), stores: service(ids.stores, database) };
}

/** The other process: its handlers do nothing. */
async function receive(directory: string): Promise<void> {
  const { router, memory, stores } = await open(directory);
  for (const service of [memory, stores]) service.handle(() => undefined);
  await router.start();
  process.once('disconnect', () => process.exit());
  process.send?.(router.addresses[0]);
}

/** Keeps as many deliveries running for a time. */
async function run(deliver: () => ReturnType<Deliveries<string>['deliver']>, concurrency: number) {
  const startMs = performance.now();
  const timesMs: number[] = [];
  await new Promise<void>((resolve, reject) => {
    let running = concurrency;
    const next = (): void => {
      const beganMs = performance.now();
      deliver().subscribe({
        complete: () => {
          const nowMs = performance.now();
          timesMs.push(nowMs - beganMs);
          if (nowMs - startMs < ms) next();
          else if (--running === 0) resolve();
        },
        error: reject,
      });
    };
    for (let i = 0; i < concurrency; i += 1) next();
  });
  const perSecond = (timesMs.length / (performance.now() - startMs)) * 1_000;
  return { perSecond, p50Ms: median(timesMs) };
}

const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[all.length >> 1] ?? NaN;

async function measure(child: ChildProcess, directory: string): Promise<void> {
  const [address] = (await once(child, 'message')) as [string];
  const { router, ...services } = await open(directory, address);
  const { id: to } = parseNodeAddress(address);
  await router.start();
  await router.whenUp(to);
  for (const concurrency of [1, 256]) {
    for (const [name, service] of Object.entries(services)) {
      const rounds = [];
      // The first round warms up.
      for (let round = 0; round <= roundsAsked; round += 1) {
        rounds.push(await run(() => service.deliver({ to, message }), concurrency));
      }
      const measured = rounds.slice(1);
      const perSecond = median(measured.map((round) => round.perSecond))
        .toFixed(0)
        .padStart(7);
      const p50Ms = median(measured.map((round) => round.p50Ms))
        .toFixed(2)
        .padStart(6);
      console.log(
        `${name.padEnd(6)} ${String(concurrency).padStart(3)} at a time: ` +
          `${perSecond} deliveries/s, p50 ${p50Ms} ms`,
      );
    }
  }
  await router.stop();
}

if (values.receiver !== undefined) {
  await receive(values.receiver);
} else {
  const directory = await mkdtemp(join(tmpdir(), 'rxmesh-delivery-cost-'));
  const execArgv = ['--conditions=source', '--import', 'tsx'];
  const child = fork(process.argv[1] ?? '', ['--receiver', join(directory, 'to')], { execArgv });
  try {
    await measure(child, join(directory, 'from'));
  } finally {
    const gone = once(child, 'close');
    child.kill();
    await gone;
    await rm(directory, { recursive: true });
  }
  process.exit();
}
