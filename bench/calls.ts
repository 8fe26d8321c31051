/**
 * Calls between two processes: how many a second, one at a time, 64 and 1,000 at a time, how long
 * a lone one takes, and what CPU time both processes need for one. Then the items of a stream.
 *
 *     npm run bench:calls -- --ms 1000 --rounds 5
 *     npm run bench:calls -- --only rxmesh,rsocket --concurrency 64
 *
 * Compares `rxmesh/calls` with `requestResponse` of rsocket-js, unary calls of grpc-js, socket.io's
 * acknowledgements, js-libp2p's streams, and a bare message of rxmesh and its echo. Only rxmesh and
 * js-libp2p encrypt. Requests and answers are items of 64 B, encoded and decoded by both sides. The
 * contestants take turns. Prints the medians of the rounds.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { Caller, RpcContestant } from './rpc/contestant.ts';
import { grpc } from './rpc/grpc.ts';
import { libp2pOneStream, libp2pStreams } from './rpc/libp2p.ts';
import { rsocket } from './rpc/rsocket.ts';
import { rxmeshCalls, rxmeshEcho, rxmeshStreams } from './rpc/rxmesh.ts';
import { socketIo } from './rpc/socket-io.ts';

const { values } = parseArgs({
  options: {
    ms: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    concurrency: { type: 'string', default: '1,64,1000' },
    serve: { type: 'boolean', default: false },
  },
});
const ms = Number(values.ms);
const rounds = Number(values.rounds);
const wanted = values.only.split(',');
const contestants: readonly RpcContestant[] = [
  rxmeshCalls,
  rxmeshEcho,
  rsocket,
  grpc,
  socketIo,
  libp2pStreams,
  libp2pOneStream,
].filter(({ name }) => wanted.some((part) => name.includes(part)));

/** The other process. It reports the CPU time that it has used whenever it is asked. */
async function serve(): Promise<void> {
  const addresses = [];
  for (const contestant of [...contestants, rxmeshStreams])
    addresses.push(await contestant.serve());
  process.on('message', () => process.send?.(cpuUs()));
  process.once('disconnect', () => process.exit());
  process.send?.(addresses);
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The CPU time of both processes, in microseconds. */
async function bothCpuUs(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [childUs] = (await once(child, 'message')) as [number];
  return childUs + cpuUs();
}

interface Round {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly cpuUs: number;
}

/** Keeps as many calls running for a time. */
async function run(call: Caller, concurrency: number, child: ChildProcess): Promise<Round> {
  const cpuBeforeUs = await bothCpuUs(child);
  const startMs = performance.now();
  const timesUs: number[] = [];
  await new Promise<void>((resolve) => {
    let running = concurrency;
    const next = (): void => {
      const beganMs = performance.now();
      call(() => {
        const nowMs = performance.now();
        timesUs.push((nowMs - beganMs) * 1000);
        if (nowMs - startMs < ms) next();
        else if (--running === 0) resolve();
      });
    };
    for (let i = 0; i < concurrency; i += 1) next();
  });
  const perSecond = timesUs.length / ((performance.now() - startMs) / 1000);
  const usedUs = (await bothCpuUs(child)) - cpuBeforeUs;
  return { perSecond, p50Us: medianOf(timesUs), cpuUs: usedUs / timesUs.length };
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? NaN;
}

/** The rounds of each contestant, which take turns. The first round warms up. */
async function inTurns<C, R>(
  all: Readonly<Record<string, C>>,
  round: (contestant: C) => Promise<R>,
): Promise<ReadonlyMap<string, readonly R[]>> {
  const results = new Map<string, R[]>();
  for (let n = 0; n <= rounds; n += 1) {
    for (const [name, contestant] of Object.entries(all)) {
      const result = await round(contestant);
      if (n > 0) results.set(name, [...(results.get(name) ?? []), result]);
    }
  }
  return results;
}

async function compareCalls(callers: Readonly<Record<string, Caller>>, child: ChildProcess) {
  for (const concurrency of values.concurrency.split(',').map(Number)) {
    const results = await inTurns(callers, (call) => run(call, concurrency, child));
    for (const [name, all] of results) {
      const column = (of: (round: Round) => number, digits: number): string =>
        medianOf(all.map(of)).toFixed(digits).padStart(8);
      const rate = `${column(({ perSecond }) => perSecond, 0)} calls/s`;
      const p50 = `p50 ${column(({ p50Us }) => p50Us, 0)} µs`;
      const cpu = `CPU ${column((round) => round.cpuUs, 1)} µs`;
      console.log(`${String(concurrency).padStart(5)} at a time: ${rate}, ${p50}, ${cpu}  ${name}`);
    }
  }
}

async function compareStreams(address: string): Promise<void> {
  const takers = await rxmeshStreams.connect(address);
  const results = await inTurns(takers, (take) => take(ms));
  for (const [name, counts] of results) {
    const perSecond = (medianOf(counts) / ms) * 1000;
    console.log(`stream: ${perSecond.toFixed(0).padStart(8)} items/s  ${name}`);
  }
}

async function compare(child: ChildProcess): Promise<void> {
  const [addresses] = (await once(child, 'message')) as [readonly string[]];
  const callers: Record<string, Caller> = {};
  for (const [index, { name, connect }] of contestants.entries()) {
    callers[name] = await connect(addresses[index] ?? '');
  }
  await compareCalls(callers, child);
  await compareStreams(addresses[contestants.length] ?? '');
}

if (values.serve) {
  await serve();
} else {
  const child = fork(process.argv[1] ?? '', ['--serve', '--only', values.only]);
  await compare(child);
  child.disconnect();
  process.exit();
}
