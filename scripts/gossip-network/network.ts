import { json } from 'rxmesh';
import { gossip, type Gossip, type GossipSnapshot } from 'rxmesh/gossip';
import { simulate, type Simulation } from 'rxmesh/testing';
import type { Options } from './options.ts';

/** How long a node that has crashed is away, in milliseconds. */
const awayMs = 10_000;
/** How soon a lost link is made again. */
const soonAgain = { retryMinMs: 500, retryMaxMs: 2_000, disconnectCooldownMs: 100 };

/** A network whose nodes gossip. */
export class Network {
  readonly net: Simulation;
  readonly links: readonly (readonly [number, number])[];
  readonly neighbours: readonly ReadonlySet<number>[];
  readonly silent: ReadonlySet<number>;
  /** When each node has started. */
  readonly sinceMs: number[] = [];
  /** Counts of nodes that have crashed. */
  readonly #ended: GossipSnapshot[] = [];
  readonly #gossips: Gossip<string>[] = [];
  readonly #random: () => number;

  constructor(options: Options, random: () => number, heard: (node: number, text: string) => void) {
    const { nodes, degree, silent, publishers } = options;
    this.#random = random;
    this.links = randomLinks(nodes, degree, random);
    const neighbours = Array.from({ length: nodes }, () => new Set<number>());
    for (const [one, other] of this.links) {
      neighbours[one]?.add(other);
      neighbours[other]?.add(one);
    }
    this.neighbours = neighbours;
    const silentNodes = new Set<number>();
    while (silentNodes.size < Math.floor(nodes * silent)) {
      silentNodes.add(publishers + Math.floor(random() * (nodes - publishers)));
    }
    this.silent = silentNodes;
    this.net = simulate({
      nodes,
      seed: options.seed,
      latencyMs: options.latencyMs,
      logMax: 1,
      knows: (node, other) => neighbours[node]?.has(other) === true,
      options: () => ({ peers: soonAgain }),
    });
    this.net.setUp(({ index, router, options: { identity } }) => {
      const verdict = (): 'accept' | 'ignore' => (silentNodes.has(index) ? 'ignore' : 'accept');
      const own = { id: 1, codec: json<string>(), identity, signed: options.signed, verdict };
      const news = gossip(router, own);
      news.in$.subscribe(({ message }) => heard(index, message));
      this.#gossips[index] = news;
      this.sinceMs[index] = this.net.now();
    });
  }

  publish(node: number, text: string): void {
    this.#gossips[node]?.publish(text);
  }

  /** Crashes a node that is not among the first ones, for a while. */
  crash(spared: number): void {
    const node = spared + Math.floor(this.#random() * (this.net.nodes.length - spared));
    const news = this.#gossips[node];
    if (news === undefined || this.net.node(node).isStopped) return;
    this.#ended.push(news.snapshot());
    this.sinceMs[node] = Infinity;
    this.net.crash(node);
    this.net.clock.schedule(() => this.net.restart(node), awayMs);
  }

  /** Breaks a link. */
  sever(): void {
    const [one, other] = this.links[Math.floor(this.#random() * this.links.length)] ?? [0, 0];
    if (one !== other) this.net.sever(one, other);
  }

  /** The sum of a count over all nodes. */
  sum(name: keyof GossipSnapshot): number {
    const all = [...this.#ended, ...this.#running()];
    return all.reduce((sum, counts) => sum + counts[name], 0);
  }

  /** The fewest links from a node to each other one that runs, over nodes that pass messages on. */
  distancesFrom(start: number): readonly (number | undefined)[] {
    const distances: (number | undefined)[] = [];
    distances[start] = 0;
    let edge = [start];
    for (let distance = 1; edge.length > 0; distance += 1) {
      const next: number[] = [];
      for (const node of edge) {
        if (this.silent.has(node)) continue;
        for (const other of this.neighbours[node] ?? []) {
          const isUp = this.net.node(node).up.has(this.net.node(other).id);
          if (!isUp || distances[other] !== undefined) continue;
          distances[other] = distance;
          next.push(other);
        }
      }
      edge = next;
    }
    return distances;
  }

  *#running(): Iterable<GossipSnapshot> {
    for (const [node, news] of this.#gossips.entries()) {
      if (!this.net.node(node).isStopped) yield news.snapshot();
    }
  }
}

/** A ring, so that the network is in one piece, and links between any two nodes. */
function randomLinks(
  nodes: number,
  degree: number,
  random: () => number,
): readonly (readonly [number, number])[] {
  const links = new Map<string, readonly [number, number]>();
  const add = (one: number, other: number): void => {
    const [low, high] = one < other ? [one, other] : [other, one];
    if (low !== high) links.set(`${low} ${high}`, [low, high]);
  };
  for (let node = 0; node < nodes; node += 1) add(node, (node + 1) % nodes);
  const wanted = Math.min((nodes * degree) / 2, (nodes * (nodes - 1)) / 2);
  while (links.size < wanted) {
    add(Math.floor(random() * nodes), Math.floor(random() * nodes));
  }
  return [...links.values()];
}
