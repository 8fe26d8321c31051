/**
 * What an inspector costs the process that it looks into: a node with many peers and channels, some
 * traffic, and a page in another process. The processor time is compared with and without the page,
 * in turns.
 *
 *     npm run inspect-cost -- --peers 100 --channels 50 --rounds 5 --seconds 4
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRouter, Identity, json, type Router } from 'rxmesh';
import { calls } from 'rxmesh/calls';
import { inspect } from 'rxmesh/inspect';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { webSocket } from 'rxmesh/transports/websocket';
import { commandLine } from './command-line.ts';
import { callsChannel, inspectMethods, inspectNetwork, meshPath } from '../lib/inspect/view.ts';

/** How long a page watches before anything is measured. */
const warmUpMs = 15_000;

const {
  numbers: { peers, channels, rounds, seconds },
  values: { watched },
} = commandLine({
  usage: `npm run inspect-cost -- [options]

  --peers 100     peers of the node
  --channels 50   its channels
  --rounds 5      how often to measure each
  --seconds 4     for how long`,
  numbers: { peers: 100, channels: 50, rounds: 5, seconds: 4 },
  options: { watched: { type: 'string' } },
});
if (watched === undefined) await measure();
else await watch(watched);

/** The other process: a page without a browser, which says how many updates it got. */
async function watch(url: string): Promise<void> {
  const { host, searchParams } = new URL(url);
  const [, id = ''] = /data-inspector="(\w+)"/.exec(await (await fetch(url)).text()) ?? [];
  const router = createRouter({
    identity: await Identity.generate(),
    network: inspectNetwork,
    version: searchParams.get('token') ?? '',
    transports: [webSocket()],
  });
  const service = calls(router, { id: callsChannel, methods: inspectMethods });
  await router.start();
  const { peer } = await router.peers
    .dial(`ws://${id}@${host}${meshPath}`)
    .then((up) => ({ peer: up.id }));
  let updates = 0;
  process.on('disconnect', () => process.exit());
  process.on('message', () => process.send?.(updates));
  process.send?.('ready');
  for await (const update of service.methods.watch.call(peer, null)) {
    if (update.atMs > 0) updates += 1;
  }
}

async function measure(): Promise<void> {
  const forMs = seconds * 1_000;
  const routers = await network(peers, channels);
  const [node] = routers;
  if (node === undefined) throw new Error('there is no node');
  const { url } = await inspect(node);
  // Until its code is compiled, a sample takes several times as long.
  const first = await watching(url);
  await wait(warmUpMs);
  await leave(first);
  const without: number[] = [];
  const more: number[] = [];
  let updates = 0;
  for (let round = 0; round < rounds; round += 1) {
    const bare = await load(forMs);
    const page = await watching(url);
    const before = await asked(page);
    const seen = await load(forMs);
    updates += (await asked(page)) - before;
    await leave(page);
    without.push(bare);
    more.push(seen - bare);
  }
  const middle = (all: readonly number[]): number =>
    all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  console.log(`${peers} peers, ${channels} channels, ${peers * 10} messages a second`);
  console.log(`without a page: ${percent(middle(without))} of a core`);
  console.log(
    `a page adds ${percent(middle(more))} (median of ${rounds}; ${more.map(percent).join(', ')})`,
  );
  console.log(`it gets ${(updates / ((rounds * forMs) / 1_000)).toFixed(1)} updates a second`);
  process.exit(middle(more) < 0.05 ? 0 : 1);
}

/** A node and its peers, all connected with it. Each peer gets ten messages a second. */
async function network(peers: number, channels: number): Promise<readonly Router[]> {
  const memory = new MemoryNetwork();
  const routers: Router[] = [];
  const open: ReturnType<typeof openAll>[] = [];
  for (let i = 0; i <= peers; i += 1) {
    const identity = await Identity.generate();
    const router = createRouter({
      identity,
      network: 'inspect-cost',
      transports: [memory.transport(identity.id)],
      peers: { maxConnected: peers + 1 },
      limits: { connectionsPerSecond: 10_000, handshakes: 1_000, handshakesPerHost: 1_000 },
    });
    open.push(openAll(router, channels));
    routers.push(router);
    await router.start();
  }
  const [node, ...others] = routers;
  for (const other of others) await node?.peers.dial(`memory:${other.id}`);
  let turn = 0;
  setInterval(() => {
    turn += 1;
    others.forEach(({ id }, i) => {
      open[0]?.[(turn + i) % channels]?.out.next({ to: id, message: turn });
    });
  }, 100);
  await wait(1_000);
  return routers;
}

function openAll(router: Router, channels: number) {
  return Array.from({ length: channels }, (_, i) => {
    const channel = router.openChannel({ id: i + 1, codec: json<number>() });
    channel.in$.subscribe();
    return channel;
  });
}

/** The part of a core that this process uses, for that long. */
async function load(forMs: number): Promise<number> {
  const [startedAtMs, before] = [performance.now(), process.cpuUsage()];
  await wait(forMs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / (performance.now() - startedAtMs);
}

async function watching(url: string): Promise<ChildProcess> {
  const page = fork(fileURLToPath(import.meta.url), ['--watched', url]);
  await once(page, 'message');
  // The first update has everything.
  await wait(1_000);
  return page;
}

async function leave(page: ChildProcess): Promise<void> {
  page.kill('SIGKILL');
  await once(page, 'exit');
}

async function asked(page: ChildProcess): Promise<number> {
  const answer = once(page, 'message');
  page.send('count');
  return Number((await answer)[0]);
}
