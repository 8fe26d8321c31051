import { type Identity, json, type RouterEvent } from 'rxmesh';
import { gossip, type Gossip, type Gossiped, type GossipOptions } from 'rxmesh/gossip';
import { type Bandwidth, simulate, type Simulation, type SimulationOptions } from 'rxmesh/testing';
import { seededRandom } from '../../lib/testing/seeded-random.ts';

/** Pairs of nodes that are neighbours. */
export type Links = readonly (readonly [number, number])[];

/** A lost connection comes back soon. */
const soonAgain = { retryMinMs: 10, retryMaxMs: 20, retryJitterMs: 0, disconnectCooldownMs: 10 };

/** Options of `stage`. */
export interface StageOptions extends Partial<Pick<SimulationOptions, 'seed' | 'latencyMs'>> {
  readonly nodes: number;
  /** Default: everyone with everyone. */
  readonly links?: Links;
  readonly bytesPerSecond?: Bandwidth;
  /** The longest wait until a lost neighbour is dialed again. Default 20. */
  readonly retryMaxMs?: number;
  readonly gossip?: (node: number) => Partial<GossipOptions<string>>;
}

/** Nodes that gossip, and what each has heard: `times: message`. */
export class Stage {
  readonly net: Simulation;
  /** By node. Each is emptied when the node starts again. */
  readonly heard: Gossiped<string>[][] = [];
  /** When each message was heard, in the order of `heard`. */
  readonly heardMs: number[][] = [];
  readonly #gossips: Gossip<string>[] = [];

  constructor({ nodes, links, gossip: own = () => ({}), ...rest }: StageOptions) {
    const { retryMaxMs = soonAgain.retryMaxMs, ...simulation } = rest;
    const pairs = new Set(links?.map(([one, other]) => `${one} ${other}`));
    const knows = (one: number, other: number): boolean =>
      links === undefined || pairs.has(`${one} ${other}`) || pairs.has(`${other} ${one}`);
    this.net = simulate({
      latencyMs: 10,
      ...simulation,
      nodes,
      knows,
      options: () => ({ peers: { ...soonAgain, retryMaxMs } }),
    });
    this.net.setUp(({ index, options, router }) => {
      const { identity } = options;
      const news = gossip(router, { id: 9, codec: json<string>(), identity, ...own(index) });
      const heard: Gossiped<string>[] = [];
      const heardMs: number[] = [];
      news.in$.subscribe((incoming) => {
        heard.push(incoming);
        heardMs.push(this.net.now());
      });
      this.heard[index] = heard;
      this.heardMs[index] = heardMs;
      this.#gossips[index] = news;
    });
  }

  start(): this {
    this.net.start();
    // Greetings.
    this.net.advance(100);
    return this;
  }

  gossip(node: number): Gossip<string> {
    const found = this.#gossips[node];
    if (found === undefined) throw new RangeError(`there is no node ${node}`);
    return found;
  }

  identity(node: number): Identity {
    return this.net.node(node).options.identity;
  }

  /** Publishes a message, and lets it spread. */
  publish(node: number, message: string, forMs = 5_000): void {
    this.gossip(node).publish(message);
    this.net.advance(forMs);
  }

  /** The messages that a node has heard. */
  texts(node: number): readonly string[] {
    return (this.heard[node] ?? []).map(({ message }) => message);
  }

  /** The sum of a count over all nodes. */
  sum(name: 'received' | 'duplicates' | 'lost' | 'accepted'): number {
    return this.#gossips.reduce((sum, each) => sum + each.snapshot()[name], 0);
  }

  /** Bodies for each delivery, since the counts that are given. */
  bodies(before: { readonly received: number; readonly duplicates: number }): number {
    const received = this.sum('received') - before.received;
    return (received + this.sum('duplicates') - before.duplicates) / received;
  }

  get counts(): { readonly received: number; readonly duplicates: number } {
    return { received: this.sum('received'), duplicates: this.sum('duplicates') };
  }

  events(type: RouterEvent['type'], node: number): readonly RouterEvent[] {
    const entries = this.net.log.filter((entry) => entry.node === node);
    return entries.map(({ event }) => event).filter((event) => event.type === type);
  }
}

/** Node 0 with all others. */
export function star(nodes: number): Links {
  return Array.from({ length: nodes - 1 }, (_, other) => [0, other + 1] as const);
}

export function line(nodes: number): Links {
  return Array.from({ length: nodes - 1 }, (_, node) => [node, node + 1] as const);
}

export function ring(nodes: number): Links {
  return [...line(nodes), [nodes - 1, 0]];
}

/** A connected random graph: each node has about `degree` neighbours. */
export function randomGraph(nodes: number, degree: number, seed = 1): Links {
  const random = seededRandom(seed);
  const links = new Map<string, readonly [number, number]>();
  const add = (one: number, other: number): void => {
    if (one === other) return;
    const [low, high] = one < other ? [one, other] : [other, one];
    links.set(`${low} ${high}`, [low, high]);
  };
  for (const [one, other] of ring(nodes)) add(one, other);
  while (links.size < (nodes * degree) / 2) {
    add(Math.floor(random() * nodes), Math.floor(random() * nodes));
  }
  return [...links.values()];
}
