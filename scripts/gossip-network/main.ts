/**
 * Measures gossip in networks of any size: see `npm run gossip-network -- --help`. Exits with code
 * 1 if a node missed a message, and 2 if an option is wrong.
 */
import { seededRandom } from '../../lib/testing/seeded-random.ts';
import { Network } from './network.ts';
import { help, type Options, optionsFrom } from './options.ts';

/** How long a message may take, in milliseconds. */
const patienceMs = 15_000;
const warmUps = 10;

/** A message on its way. */
interface Published {
  readonly atMs: number;
  /** What the best tree would need for each node, in links. */
  readonly distances: readonly (number | undefined)[];
  readonly arrivals: Map<number, number>;
}

/** What came of a run. */
interface Figures {
  readonly deliveries: number;
  readonly missed: number;
  readonly latenciesMs: readonly number[];
  readonly bestMs: readonly number[];
}

function run(options: Options): boolean {
  const { nodes, minutes, rate, publishers, latencyMs, bytes } = options;
  const startMs = performance.now();
  const random = seededRandom(options.seed);
  const messages = new Map<string, Published>();
  const network = new Network(options, random, (node, text) => {
    const message = messages.get(text);
    message?.arrivals.set(node, network.net.now() - message.atMs);
  });
  const { net } = network;
  net.start();
  net.advance(2_000);
  const everyMs = 60_000 / rate;
  const publish = (nth: number): void => {
    const node = nth % publishers;
    const text = `${nth} `.padEnd(bytes, '.');
    const distances = network.distancesFrom(node);
    messages.set(text, { atMs: net.now(), distances, arrivals: new Map() });
    network.publish(node, text);
  };
  for (let nth = 0; nth < warmUps * publishers; nth += 1) {
    publish(nth);
    net.advance(1_000);
  }
  net.advance(patienceMs);
  messages.clear();
  const before = { bodies: bodiesOf(network), received: network.sum('received') };

  const count = Math.round(minutes * rate);
  const trouble = { crashes: 0, breaks: 0 };
  for (let nth = 0; nth < count; nth += 1) {
    publish(warmUps * publishers + nth);
    trouble.crashes += (nodes * options.churn * everyMs) / 60_000;
    trouble.breaks += (network.links.length * options.breaks * everyMs) / 60_000;
    net.advance(everyMs / 2);
    for (; trouble.crashes >= 1; trouble.crashes -= 1) network.crash(publishers);
    for (; trouble.breaks >= 1; trouble.breaks -= 1) network.sever();
    net.advance(everyMs / 2);
  }
  net.advance(patienceMs);
  const figures = figuresOf(network, [...messages.values()], latencyMs);
  const bodies = (bodiesOf(network) - before.bodies) / (network.sum('received') - before.received);
  print(options, figures, bodies, net.now(), performance.now() - startMs);
  return figures.missed === 0;
}

function bodiesOf(network: Network): number {
  return network.sum('received') + network.sum('duplicates');
}

/** Counts nodes that were connected when the message was published, and that are still there. */
function figuresOf(
  { sinceMs, silent }: Network,
  messages: readonly Published[],
  latencyMs: number,
): Figures {
  const latenciesMs: number[] = [];
  const bestMs: number[] = [];
  let missed = 0;
  for (const { atMs, distances, arrivals } of messages) {
    for (const [node, distance] of distances.entries()) {
      const isThere = (sinceMs[node] ?? Infinity) < atMs;
      if (distance === undefined || distance === 0 || !isThere || silent.has(node)) continue;
      const latency = arrivals.get(node);
      if (latency === undefined) missed += 1;
      else latenciesMs.push(latency);
      bestMs.push(distance * latencyMs);
    }
  }
  latenciesMs.sort((one, other) => one - other);
  bestMs.sort((one, other) => one - other);
  return { deliveries: latenciesMs.length, missed, latenciesMs, bestMs };
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

function print(
  { nodes, degree, churn, breaks, silent, seed }: Options,
  { deliveries, missed, latenciesMs, bestMs }: Figures,
  bodies: number,
  virtualMs: number,
  realMs: number,
): void {
  const what = `${nodes} nodes, degree ${degree}, churn ${churn}, breaks ${breaks}`;
  const ratio = at(latenciesMs, 0.99) / at(bestMs, 0.99);
  const row = (name: string, text: string): void => console.log(`${name.padEnd(24)} ${text}`);
  row('network', `${what}, silent ${silent}, seed ${seed}`);
  row('deliveries', `${deliveries}, missed ${missed}`);
  row('bodies per delivery', bodies.toFixed(3));
  for (const [name, part] of Object.entries({ p50: 0.5, p99: 0.99, max: 1 })) {
    const [latency, best] = [at(latenciesMs, part), at(bestMs, part)];
    row(`latency, ${name}`, `${latency} ms; best tree: ${best} ms`);
  }
  row('p99 / best tree’s p99', ratio.toFixed(2));
  row('time', `${(virtualMs / 1_000).toFixed(0)} s virtual, ${(realMs / 1_000).toFixed(1)} s real`);
  row('memory', `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
}

function main(): number {
  let options: Options | undefined;
  try {
    options = optionsFrom(process.argv.slice(2));
  } catch (thrown) {
    console.error(`gossip-network: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return 2;
  }
  if (options === undefined) {
    console.log(help);
    return 0;
  }
  return run(options) ? 0 : 1;
}

process.exitCode = main();
