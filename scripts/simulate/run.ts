import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { block, type LaneOptions, raw } from 'rxmesh';
import {
  type Invariant,
  type LedgerTotals,
  type SimulationOptions,
  watchInvariants,
} from 'rxmesh/testing';
import { seededRandom } from '../../lib/testing/seeded-random.ts';
import { Channels } from './channels.ts';
import { Figures, type Sample } from './figures.ts';
import { type LiveMemory, LiveMemoryMeter } from './live-memory.ts';
import { numberOf } from './message.ts';
import { buildNetwork, isConnected, type Network, pieces } from './network.ts';
import type { Options } from './options.ts';
import { Pipes } from './pipes.ts';
import { Steps } from './steps.ts';
import { Traffic } from './traffic.ts';
import { Trouble } from './trouble.ts';

/** How long the network may take to come up, and to recover, in virtual milliseconds. */
const upMaxMs = 300_000;
/** How often it is looked at meanwhile. */
const lookMs = 10;
/** How often messages are sent, and how often the network is sampled. */
const stepMs = 100;
const sampleMs = 1_000;
const checkMs = 5_000;
const minuteMs = 60_000;

/**
 * What a run took, in milliseconds: real time, and processor time, which other processes do not add
 * to.
 */
export interface Took {
  readonly realMs: number;
  readonly processorMs: number;
}

/** What came of a run. */
export interface Result {
  readonly nodes: number;
  /** Connections when the network was up. */
  readonly links: number;
  /** How long nodes took to connect as far as their limits allow; undefined: they did not. */
  readonly connectedMs: number | undefined;
  /** The same, from the end of all churn and partitions on. */
  readonly recoveredMs: number | undefined;
  /** The same, from the moment on at which nodes vanished; 0 if none did. */
  readonly healedMs: number | undefined;
  /** Into how many pieces the network was divided at the end. */
  readonly pieces: number;
  readonly left: number;
  /** How often a node closed its channel. */
  readonly closed: number;
  readonly messages: LedgerTotals;
  readonly drops: Readonly<Record<string, number>>;
  readonly futileDials: Readonly<Record<string, number>>;
  readonly peers: { readonly mean: number; readonly variance: number };
  readonly samples: readonly Sample[];
  readonly virtualMs: number;
  /** What it took until the network was up, and in all. */
  readonly up: Took;
  readonly all: Took;
  readonly memoryMiB: number;
  /** What was live once the network was up, and at each minute from then on, if asked for. */
  readonly live: readonly LiveMemory[];
  /** What did not hold; undefined if everything did. */
  readonly broken: string | undefined;
  /** The first that did not hold, and how long the network had been up then. */
  readonly firstBroken:
    { readonly invariant: Invariant | 'pipes' | 'repetition'; readonly upMs: number } | undefined;
  /** A digest of the log: of its latest entries, if it is long. */
  readonly log: string;
  /** How many faults and messages there were, including those that `only` left out. */
  readonly steps: number;
}

/** Measures from now on. */
function watch(): () => Took {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { realMs: performance.now() - startedAt, processorMs: (user + system) / 1000 };
  };
}

function laneOf({ lane }: Options): { readonly outbound?: LaneOptions } {
  return lane === undefined ? {} : { outbound: block(lane) };
}

/** How long it takes until all nodes are connected; undefined if it takes too long. */
function connect(network: Network, lookEveryMs: number, before: () => void): number | undefined {
  const { net } = network;
  const startMs = net.now();
  for (;;) {
    before();
    if (isConnected(network)) return net.now() - startMs;
    if (net.now() - startMs >= upMaxMs) return undefined;
    net.advance(lookEveryMs);
  }
}

/** Runs a simulation, of routers that `makeRouter` makes, if it is given. */
export function run(options: Options, makeRouter?: SimulationOptions['makeRouter']): Result {
  const running = minutes(options, makeRouter);
  for (;;) {
    const { done, value } = running.next();
    if (done === true) return value;
  }
}

/**
 * Runs a simulation with a turn of the event loop at each virtual minute. What waits for a promise,
 * such as the `stop` of a node that has left, goes on only then, and lets go of its router.
 */
export async function runInTurns(options: Options): Promise<Result> {
  const running = minutes(options);
  for (;;) {
    const { done, value } = running.next();
    if (done === true) return value;
    await turn();
  }
}

/** A network with all that watches it. */
function observed({ net }: Network, options: Options) {
  const invariants = watchInvariants(net);
  const channels = new Channels(net, { id: 1, codec: raw(), ...laneOf(options) });
  const ledger = invariants.ledger((node) => channels.of(node), numberOf);
  const pipes = options.traffic === 'pipe' ? new Pipes(net) : undefined;
  return { net, invariants, channels, ledger, pipes, figures: new Figures(net, ledger) };
}

/** Runs a simulation, and yields at each virtual minute. */
function* minutes(
  options: Options,
  makeRouter?: SimulationOptions['makeRouter'],
): Generator<void, Result> {
  const clock = watch();
  const random = seededRandom(options.seed + 1);
  const network = buildNetwork(options, random, makeRouter);
  const { net, invariants, channels, ledger, pipes, figures } = observed(network, options);
  const meter = options.memory ? new LiveMemoryMeter() : undefined;

  net.launch();
  const connectedMs = connect(network, lookMs, () => undefined);
  const up = clock();
  const links = net.nodes.reduce((sum, { up }) => sum + up.size, 0) / 2;
  figures.sample(false);
  meter?.sample(0);

  const upAtMs = net.now();
  const steps = new Steps(options.only);
  const traffic = new Traffic({ net, channels, ledger, pipes, options, random, steps });
  const trouble = new Trouble({ net, channels, options, random, steps });
  const forMs = options.minutes * minuteMs;
  for (let passedMs = 0; passedMs < forMs; passedMs += stepMs) {
    trouble.make(stepMs);
    traffic.send(stepMs);
    net.advance(stepMs);
    if ((passedMs + stepMs) % sampleMs !== 0) continue;
    figures.sample(passedMs > forMs / 2);
    if ((passedMs + stepMs) % checkMs === 0) invariants.check();
    if ((passedMs + stepMs) % minuteMs !== 0) continue;
    yield;
    meter?.sample((passedMs + stepMs) / minuteMs);
  }
  const recoveredMs = connect(network, stepMs, () => trouble.end());
  const healedMs = trouble.vanish() ? connect(network, stepMs, () => undefined) : 0;
  figures.sample(false);
  pipes?.finish();
  let broken: string | undefined;
  const inPieces = pieces(net);
  const memoryMiB = process.memoryUsage().rss / 2 ** 20;
  try {
    invariants.finish();
  } catch (thrown) {
    broken = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const [first] = [...invariants.broken, ...(pipes?.broken ?? [])].sort((a, b) => a.atMs - b.atMs);
  broken ??= pipes?.report(net.seed);
  return {
    nodes: options.nodes,
    links,
    connectedMs,
    recoveredMs,
    healedMs,
    pieces: inPieces,
    left: trouble.left,
    closed: trouble.closed,
    messages: pipes?.totals() ?? ledger.totals(),
    drops: figures.drops,
    futileDials: figures.futileDials,
    peers: figures.steady(),
    samples: figures.samples,
    virtualMs: net.now(),
    up,
    all: clock(),
    memoryMiB,
    live: meter?.samples ?? [],
    broken,
    firstBroken: first && { invariant: first.invariant, upMs: first.atMs - upAtMs },
    log: createHash('sha256').update(net.log.join('\n')).digest('hex'),
    steps: steps.count,
  };
}
