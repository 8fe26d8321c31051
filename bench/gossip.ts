/**
 * Gossip from one publisher to 10 and to 50 subscribers, all in one process over real sockets: how
 * many deliveries a second, what processor time one takes, and what it costs on the wire.
 *
 *     npm run bench:gossip -- --ms 2000 --rounds 3
 *     npm run bench:gossip -- --only rxmesh --subscribers 50 --signed no
 *
 * Compares `rxmesh/gossip` over encrypted WebSockets, the same over js-libp2p (TCP, Noise, Yamux,
 * one key), and @libp2p/gossipsub with its defaults on the same kind of libp2p node. All have the
 * same links: about eight for each node (a mesh), or all to the publisher (a star). Items of 64 B
 * are encoded and decoded by protobufjs. A window bounds how many messages are on their way, since
 * no gossip holds back its publisher. Each contestant has a process of its own; they take turns.
 * Prints the medians of the rounds, and the ratios to gossipsub, computed for each round.
 */
import { parseArgs } from 'node:util';
import { table } from './frame/markdown.ts';
import { Child } from './frame/processes.ts';
import { ratiosOf, summaryOf } from './frame/statistics.ts';
import type { Shape } from './gossips/links.ts';
import { type GossipLap, type GossipOrder, type handlers, names } from './sides/gossip.ts';

const { values } = parseArgs({
  options: {
    ms: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    subscribers: { type: 'string', default: '10,50' },
    shapes: { type: 'string', default: 'mesh,star' },
    signed: { type: 'string', default: 'no,yes' },
    bytes: { type: 'string', default: '64' },
    window: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
  },
});
const ms = Number(values.ms);
const rounds = Number(values.rounds);
const baseline = 'gossipsub';
/** How long V8 may take to compile the path of a message. */
const warmUpMs = Math.max(5_000, ms);
/** Fifty nodes and their links take a while on a busy machine. */
const startWithinMs = 240_000;
/** How much longer a lap may take than it should. */
const graceMs = 120_000;
const wanted = names.filter((name) => values.only.split(',').some((part) => name.includes(part)));

const figures: Readonly<Record<string, (lap: GossipLap) => number>> = {
  'deliveries/s': ({ deliveries, seconds }) => deliveries / seconds,
  'CPU a delivery, µs': ({ deliveries, cpuUs }) => cpuUs / deliveries,
  'bytes a delivery': ({ deliveries, wireBytes }) => wireBytes / deliveries,
};

type Case = Omit<GossipOrder, 'contestant'>;

/**
 * The rounds of each contestant, in turns. Each network is alone while it is measured: fifty nodes
 * of libp2p take a fifth of a processor even when nothing is sent.
 */
async function lapsOf(one: Case): Promise<ReadonlyMap<string, readonly GossipLap[]>> {
  const laps = new Map<string, GossipLap[]>(wanted.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, own] of laps) own.push(await lapOf(name, one));
  }
  return laps;
}

/** A network in a new process: it warms up, and is measured. */
async function lapOf(name: string, one: Case): Promise<GossipLap> {
  const module = new URL('sides/gossip.js', import.meta.url);
  const child = await Child.start<typeof handlers>(module, name);
  try {
    await child.ask('start', { ...one, contestant: name }, startWithinMs);
    await child.ask('run', warmUpMs, warmUpMs + graceMs);
    return await child.ask('run', ms, ms + graceMs);
  } finally {
    child.end();
  }
}

/** A row of a table: the median of each figure, and its ratio to the baseline. */
function rowOf(name: string, laps: ReadonlyMap<string, readonly GossipLap[]>): readonly string[] {
  const [own = [], base = []] = [laps.get(name), laps.get(baseline)];
  const cells = Object.values(figures).map((figure) => {
    const median = shown(summaryOf(own.map(figure)).median);
    if (name === baseline || base.length === 0) return median;
    const ratio = summaryOf(ratiosOf(own.map(figure), base.map(figure))).median;
    return `${median} (${shown(ratio)} x)`;
  });
  return [name, ...cells];
}

function shown(figure: number): string {
  return figure < 10 ? figure.toFixed(2) : figure.toFixed(0);
}

function casesFrom({ subscribers, shapes, signed, bytes, window }: typeof values): readonly Case[] {
  const common = { bytes: Number(bytes), window: Number(window) };
  return signed.split(',').flatMap((answer) =>
    shapes.split(',').flatMap((shape) =>
      subscribers.split(',').map((count) => ({
        ...{ signed: answer === 'yes', shape: shapeFrom(shape), subscribers: Number(count) },
        ...common,
      })),
    ),
  );
}

function shapeFrom(name: string): Shape {
  if (name === 'mesh' || name === 'star') return name;
  throw new RangeError(`a shape is mesh or star, given ${name}`);
}

for (const one of casesFrom(values)) {
  const laps = await lapsOf(one);
  const { subscribers, shape, signed } = one;
  console.log(`\n${subscribers} subscribers, ${shape}, ${signed ? 'signed' : 'not signed'}:\n`);
  console.log(table([['', ...Object.keys(figures)], ...wanted.map((name) => rowOf(name, laps))]));
}
