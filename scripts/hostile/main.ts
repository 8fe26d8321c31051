/**
 * Measures how attacks affect honest peers, on a quiet machine:
 *
 *     npm run hostile             all rows
 *     npm run hostile -- pings    the rows with "pings" in their name
 *
 * A node with default options and an honest peer run in one process, the attackers in another, on
 * loopback. Exits with code 1 if honest echoes take too long or another limit is exceeded.
 *
 * Add rows in rows.ts.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { filter, firstValueFrom, timeout } from 'rxjs';
import { createRouter, Identity, json, type Router } from 'rxmesh';
import { webSocket } from 'rxmesh/transports/websocket';
import { commandLine, refuse } from '../command-line.ts';
import { network } from './keyed.ts';
import { type Row, rows } from './rows.ts';

/**
 * The limits, in milliseconds: the p99 of honest echoes, and the longest the event loop may block.
 */
const p99Max = 50;
const blockMax = 50;
const echoEveryMs = 10;
const lookMs = 5;
const execArgv = ['--conditions=source', '--import', 'tsx'];
const externalMiBDefault = 48;

interface Memory {
  readonly rss: number;
  readonly external: number;
}

interface Result {
  readonly p50: number;
  readonly p99: number;
  /**
   * The longest time the event loop was blocked, and the longest time it was blocked while busy.
   */
  readonly block: number;
  readonly busy: number;
  readonly before: Memory;
  readonly peak: Memory;
  readonly after: Memory;
  readonly joined: number;
  readonly tried: number;
}

/**
 * Measures how late a timer fires, and the processor time used meanwhile: on a shared machine, even
 * an idle process is sometimes delayed.
 */
class Blocks {
  longestMs = 0;
  busiestMs = 0;
  #lastMs = performance.now();
  #lastCpuMs = cpuMs();
  readonly #timer = setInterval(() => this.#look(), lookMs);

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    const nowCpuMs = cpuMs();
    const lateMs = nowMs - this.#lastMs - lookMs;
    this.longestMs = Math.max(this.longestMs, lateMs);
    // Other threads of the process also use processor time, but do not block the loop.
    this.busiestMs = Math.max(this.busiestMs, Math.min(lateMs, nowCpuMs - this.#lastCpuMs));
    this.#lastMs = nowMs;
    this.#lastCpuMs = nowCpuMs;
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);

function memory(): Memory {
  const { rss, external } = process.memoryUsage();
  return { rss: mib(rss), external: mib(external) };
}

const settings = { network, transports: [webSocket()] };

async function upWith(router: Router): Promise<void> {
  const up$ = router.events$.pipe(filter(({ type }) => type === 'peer-up'));
  await firstValueFrom(up$.pipe(timeout(3_000)));
}

/** Joins and leaves as a new node. Returns whether it could join. */
async function stranger(address: string): Promise<boolean> {
  const router = createRouter({ ...settings, identity: await Identity.generate() });
  const up = upWith(router).then(
    () => true,
    () => false,
  );
  router.openChannel({ id: 1, codec: json<number>() });
  await router.start();
  router.peers.add(address);
  const hasJoined = await up;
  await router.stop();
  return hasJoined;
}

async function measure(row: Row): Promise<Result> {
  const listening = { network, transports: [webSocket({ listen: { host: '127.0.0.1' } })] };
  const node = createRouter({ ...listening, identity: await Identity.generate() });
  const honest = createRouter({ ...settings, identity: await Identity.generate() });
  const echoing = node.openChannel({ id: 1, codec: json<number>() });
  const asking = honest.openChannel({ id: 1, codec: json<number>() });
  echoing.in$.subscribe(({ from, message }) => echoing.out.next({ to: from, message }));
  const took: number[] = [];
  asking.in$.subscribe(({ message }) => took.push(performance.now() - message));
  await node.start();
  await honest.start();
  const [address = ''] = node.addresses;
  const up = upWith(honest);
  honest.peers.add(address);
  await up;
  await sleep(300);
  took.length = 0;

  const before = memory();
  const port = new URL(`ws://${address.slice(address.indexOf('@') + 1)}`).port;
  const attacker = fork(
    fileURLToPath(new URL('attacker.ts', import.meta.url)),
    [row.name, port, node.id],
    { execArgv },
  );
  // Start after `fork`, which blocks the event loop itself.
  const blocks = new Blocks();
  const peak = { ...before };
  const ticking = setInterval(() => {
    asking.out.next({ to: node.id, message: performance.now() });
    const now = memory();
    peak.rss = Math.max(peak.rss, now.rss);
    peak.external = Math.max(peak.external, now.external);
  }, echoEveryMs);
  const joins: Promise<boolean>[] = [];
  const endsAt = performance.now() + row.seconds * 1000;
  while (performance.now() < endsAt) {
    await sleep(1_000);
    // The attackers need the first few seconds to connect.
    if (row.strangers === true && endsAt - performance.now() < 4_000) {
      joins.push(stranger(address));
    }
  }
  const joined = await Promise.all(joins);
  clearInterval(ticking);
  blocks.stop();
  attacker.kill('SIGKILL');
  await sleep(500);
  const after = memory();
  await honest.stop();
  await node.stop();
  took.sort((a, b) => a - b);
  const at = (part: number): number => took[Math.floor(part * (took.length - 1))] ?? Infinity;
  return {
    p50: at(0.5),
    p99: at(0.99),
    block: blocks.longestMs,
    busy: blocks.busiestMs,
    before,
    peak,
    after,
    joined: joined.filter(Boolean).length,
    tried: joined.length,
  };
}

/** The limits that were exceeded. */
function broken(row: Row, { p99, busy, before, peak, joined, tried }: Result): string[] {
  const { externalMiB = externalMiBDefault } = row;
  const external = peak.external - before.external;
  return [
    ...(p99 > p99Max ? [`p99 ${p99.toFixed(1)} ms, above ${p99Max}`] : []),
    ...(busy > blockMax ? [`the loop was busy for ${busy.toFixed(1)} ms`] : []),
    ...(external > externalMiB ? [`${external} MiB outside the heap, above ${externalMiB}`] : []),
    ...(joined < tried ? [`${tried - joined} of ${tried} strangers could not join`] : []),
  ];
}

const cells = ({ name }: Row, result: Result): string[] => {
  const { p50, p99, block, busy, before, peak, after, joined, tried } = result;
  const each = (of: (memory: Memory) => number): string =>
    [before, peak, after].map((memory) => String(of(memory))).join(' / ');
  return [
    name,
    p50.toFixed(1),
    p99.toFixed(1),
    `${block.toFixed(0)} (${busy.toFixed(0)})`,
    each(({ rss }) => rss),
    each(({ external }) => external),
    tried === 0 ? '-' : `${joined} of ${tried}`,
  ];
};

/** Measures a row in a new process, so that leftovers of earlier rows do not count. */
function measured(row: Row): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--row', row.name], { execArgv });
    let result: Result | undefined;
    child.once('message', (message: Result) => (result = message));
    child.once('exit', () => {
      if (result === undefined) reject(new Error(`${row.name}: no figures`));
      else resolve(result);
    });
  });
}

async function table(chosen: readonly Row[]): Promise<void> {
  const head = [
    'attack',
    'p50 ms',
    'p99 ms',
    'longest block ms (of it busy)',
    'rss MiB: before / peak / after',
    'external MiB',
    'strangers joined',
  ];
  console.log(`| ${head.join(' | ')} |\n|${head.map(() => ' --- |').join('')}`);
  const failures: string[] = [];
  for (const row of chosen) {
    const result = await measured(row);
    console.log(`| ${cells(row, result).join(' | ')} |`);
    failures.push(...broken(row, result).map((text) => `${row.name}: ${text}`));
  }
  for (const failure of failures) console.error(failure);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

const usage = `npm run hostile -- [part of a row's name]

rows:
${rows.map(({ name }) => `  ${name}`).join('\n')}`;
const { values, positionals } = commandLine({
  usage,
  options: { row: { type: 'string' } },
  allowPositionals: true,
});
const only = rows.find(({ name }) => name === values.row);
if (only !== undefined) {
  process.send?.(await measure(only), () => process.disconnect());
} else {
  const part = positionals.join(' ');
  const chosen = rows.filter(({ name }) => name.includes(part));
  if (chosen.length === 0) refuse(`no row has "${part}" in its name`, usage);
  await table(chosen);
}
