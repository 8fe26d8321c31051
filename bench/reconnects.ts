/**
 * Connects one peer from another process 10,000 times, and sends a message there and back each
 * time. Memory and handles of both processes must stay flat.
 *
 *     npm run bench:reconnects -- --times 10000
 *
 * The peer is a new router each time, with the same key; the node that it connects to keeps
 * running. Prints samples of both processes. Exits with code 1 if the heap grew by more than
 * `--growth` MiB since the first fifth of the reconnects, or if there are more handles than at that
 * point.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { filter, firstValueFrom } from 'rxjs';
import { createRouter, Identity, json, type NodeId, type Router } from 'rxmesh';
import { webSocket } from 'rxmesh/transports/websocket';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '10000' },
    growth: { type: 'string', default: '2' },
    address: { type: 'string' },
  },
});
const times = Number(values.times);
const samplesMax = 10;

interface Sample {
  readonly heapMiB: number;
  readonly handles: number;
}

/** The memory and handles of this process, after garbage collection. */
async function sample(): Promise<Sample> {
  // Ended sockets close in the following turns of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  return { heapMiB: (heapUsed + external) / 2 ** 20, handles };
}

function routerOf(identity: Identity, persistent: readonly string[] = []): Router {
  return createRouter({
    identity,
    network: 'bench',
    transports: [
      webSocket(persistent.length > 0 ? {} : { listen: { host: '127.0.0.1', port: 0 } }),
    ],
    peers: { persistent },
    limits: { connectionsPerSecond: 100_000 },
  });
}

/** One visit of the peer: connects, sends a message, waits for the echo, and leaves. */
async function comeAndGo(identity: Identity, address: string): Promise<void> {
  const router = routerOf(identity, [address]);
  const channel = router.openChannel({ id: 1, codec: json<number>() });
  const answered = firstValueFrom(channel.in$);
  router.peers$.pipe(filter(({ status }) => status === 'up')).subscribe(({ id }) => {
    channel.out.next({ to: id, message: 1 });
  });
  await router.start();
  await answered;
  await router.stop();
}

/**
 * All visits, in the other process. Pauses after each tenth until the parent has taken its sample.
 */
async function visit(address: string): Promise<void> {
  const identity = await Identity.generate();
  for (let done = 1; done <= times; done += 1) {
    await comeAndGo(identity, address);
    if (done % (times / samplesMax) !== 0) continue;
    process.send?.({ done, ...(await sample()) });
    await new Promise((resolve) => process.once('message', resolve));
  }
  process.disconnect();
}

interface Told extends Sample {
  readonly done: number;
}

async function host(): Promise<void> {
  const router = routerOf(await Identity.generate());
  const channel = router.openChannel({ id: 1, codec: json<number>() });
  const seen = new Map<NodeId, number>();
  channel.in$.subscribe(({ from, message }) => {
    seen.set(from, (seen.get(from) ?? 0) + 1);
    channel.out.next({ to: from, message });
  });
  await router.start();
  const [address = ''] = router.addresses;
  const child = fork(process.argv[1] ?? '', ['--address', address, '--times', String(times)], {
    execArgv: ['--expose-gc'],
  });
  const samples: { readonly here: Sample; readonly there: Sample }[] = [];
  const startedAt = performance.now();
  child.on('message', (there: Told) => {
    void sample().then((here) => {
      samples.push({ here, there });
      console.log(
        `${there.done} reconnects: ${textOf('node', here)}; ${textOf('its peer', there)}`,
      );
      child.send('go on');
    });
  });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  const seconds = (performance.now() - startedAt) / 1000;
  await router.stop();
  const count = [...seen.values()].reduce((sum, each) => sum + each, 0);
  console.log(`${(count / seconds).toFixed(0)} reconnects a second`);
  if (code !== 0 || count !== times || seen.size !== 1) {
    throw new Error(
      `${count} of ${times} messages came, of ${seen.size} peers; exit code ${String(code)}`,
    );
  }
  const [first, last] = [samples[1], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error('too few samples');
  judge('the node', first.here, last.here);
  judge('its peer', first.there, last.there);
}

function textOf(who: string, { heapMiB, handles }: Sample): string {
  return `${who} ${heapMiB.toFixed(1)} MiB, ${handles} handles`;
}

function judge(who: string, first: Sample, last: Sample): void {
  const grownMiB = last.heapMiB - first.heapMiB;
  const isFlat = grownMiB <= Number(values.growth) && last.handles <= first.handles;
  const text = `${who}: heap ${grownMiB >= 0 ? '+' : ''}${grownMiB.toFixed(2)} MiB`;
  console.log(`${text}, handles ${first.handles} to ${last.handles}: ${isFlat ? 'flat' : 'GROWN'}`);
  if (!isFlat) process.exitCode = 1;
}

if (globalThis.gc === undefined) {
  // Start this script again with the garbage collector exposed.
  const again = fork(process.argv[1] ?? '', process.argv.slice(2), { execArgv: ['--expose-gc'] });
  again.on('exit', (code) => process.exit(code ?? 1));
} else if (values.address === undefined) {
  await host();
} else {
  await visit(values.address);
}
