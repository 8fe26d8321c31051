/**
 * Measures what a peer store costs: writing 1,000 changed peers as one batch, reading them at a
 * start, and the room that they take on the disk.
 *
 *     npm run store-cost
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { lastValueFrom, type Observable } from 'rxjs';
import { type NodeId, parseNodeId, PeerManager, systemClock } from 'rxmesh';
import { commandLine } from './command-line.ts';

const {
  numbers: { peers, rounds },
} = commandLine({
  usage: `npm run store-cost -- [options]

  --peers 1000   peers in a batch
  --rounds 60    how often to write one`,
  numbers: { peers: 1_000, rounds: 60 },
});
const directory = await mkdtemp(join(tmpdir(), 'rxmesh-cost-'));
const database = new ClassicLevel(directory);

const idOf = (n: number): NodeId => parseNodeId(n.toString(16).padStart(40, '0'));
const managerOf = (): PeerManager =>
  new PeerManager({
    self: parseNodeId('f'.repeat(40)),
    store: database,
    maxPeers: Math.max(peers, 36),
    clock: systemClock,
    random: Math.random,
  });

async function timed(work: () => Observable<never>): Promise<{ ms: number; cpuMs: number }> {
  const startedAtMs = performance.now();
  const before = process.cpuUsage();
  await lastValueFrom(work(), { defaultValue: undefined });
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - startedAtMs, cpuMs: (user + system) / 1_000 };
}

const median = (all: readonly number[]): string =>
  (all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN).toFixed(1);

try {
  const manager = managerOf();
  await timed(() => manager.load());
  for (let n = 1; n <= peers; n += 1) {
    manager.add(`wss://${idOf(n)}@node-${n}.example.com:4000`);
  }
  const writes: { ms: number; cpuMs: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let n = 1; n <= peers; n += 1) {
      manager.report({ peer: idOf(n), severity: 'note', reason: 'as the measurement wants it' });
    }
    writes.push(await timed(() => manager.save()));
  }
  manager.close();
  const records = await database.iterator({ keyEncoding: 'utf8', valueEncoding: 'view' }).all();
  const bytes = records.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  await database.close();
  await database.open();
  const again = managerOf();
  const read = await timed(() => again.load());
  if (again.peers().length !== peers) throw new Error(`${again.peers().length} peers were read`);
  again.close();
  await database.close();
  const files = await readdir(directory);
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(directory, file))).size),
  );
  const disk = sizes.reduce((sum, size) => sum + size, 0);
  const times = `${median(writes.map(({ ms }) => ms))} ms, ${median(writes.map(({ cpuMs }) => cpuMs))} ms of CPU`;
  console.log(
    `${peers} peers, ${Math.round(bytes / records.length)} bytes for each record with its key`,
  );
  console.log(`writing all of them as changed, median of ${rounds} times: ${times}`);
  console.log(`reading them at a start: ${read.ms.toFixed(1)} ms`);
  console.log(`on the disk after ${rounds * peers} writes: ${(disk / 2 ** 20).toFixed(1)} MiB`);
} finally {
  await rm(directory, { recursive: true });
}
