import { simulate, type Simulation, type SimulationOptions } from 'rxmesh/testing';
import type { Options } from './options.ts';

/** How much of the log is kept: enough to show how an invariant was broken. */
const logMax = 200_000;

/** A simulated network, and what its nodes know at the start. */
export interface Network {
  readonly net: Simulation;
  /** The nodes that each node knows, by number. */
  readonly known: readonly ReadonlySet<number>[];
  readonly options: Options;
}

/** Builds a network, of routers that `makeRouter` makes, if it is given. */
export function buildNetwork(
  options: Options,
  random: () => number,
  makeRouter?: SimulationOptions['makeRouter'],
): Network {
  const { nodes, seed, latencyMs, bytesPerSecond, protection, maxConnected, exchange } = options;
  const known = acquaintances(nodes, options.knows, random);
  const net = simulate({
    nodes,
    seed,
    latencyMs,
    bytesPerSecond,
    protection,
    logMax,
    ...(makeRouter !== undefined && { makeRouter }),
    knows: (node, other) => known[node]?.has(other) === true,
    options: () => ({ keepAlive: {}, peers: { maxConnected }, peerExchange: exchange }),
  });
  return { net, known, options };
}

/**
 * How nodes find each other: each one knows some others from the start. Its first acquaintance is an
 * earlier node, so the network is in one piece; the rest are any nodes.
 */
function acquaintances(nodes: number, each: number, random: () => number): ReadonlySet<number>[] {
  return Array.from({ length: nodes }, (_, node) => {
    const known = new Set<number>();
    if (node > 0) known.add(Math.floor(random() * node));
    while (known.size < each) {
      const other = Math.floor(random() * nodes);
      if (other !== node) known.add(other);
    }
    return known;
  });
}

/** How long no more connections may come up before a network with peer exchange counts as up. */
const steadyMs = 10_000;

/**
 * Looks for the moment at which the nodes are connected as far as their limits allow: each to all
 * that it knows, except those that have left, and unless one of the two has no room. With peer
 * exchange, what a node knows is not public: the moment is the last at which the number of
 * connections grew, once it has not grown for 10 s.
 */
export class Connecting {
  readonly #network: Network;
  #most = 0;
  #mostAtMs: number;

  constructor(network: Network) {
    this.#network = network;
    this.#mostAtMs = network.net.now();
  }

  /** When the network was connected, in virtual time; undefined if it is not yet. */
  look(): number | undefined {
    const { net, options } = this.#network;
    const ends = net.nodes.reduce((sum, { up }) => sum + up.size, 0);
    if (ends > this.#most) {
      this.#most = ends;
      this.#mostAtMs = net.now();
    }
    if (!options.exchange) return this.#isConnected() ? net.now() : undefined;
    return net.now() - this.#mostAtMs >= steadyMs ? this.#mostAtMs : undefined;
  }

  #isConnected(): boolean {
    const { net, known, options } = this.#network;
    return net.nodes.every((node) => {
      if (node.isStopped || node.up.size >= options.maxConnected) return true;
      return [...(known[node.index] ?? [])].every((index) => {
        const other = net.node(index);
        return node.up.has(other.id) || other.isStopped || other.up.size >= options.maxConnected;
      });
    });
  }
}

/** In how many pieces the running nodes are. */
export function pieces(net: Simulation): number {
  const seen = new Set<number>();
  let count = 0;
  for (const { index, isStopped } of net.nodes) {
    if (isStopped || seen.has(index)) continue;
    count += 1;
    const waiting = [index];
    seen.add(index);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const id of net.node(next).up) {
        const other = net.indexOf(id);
        if (other === undefined || seen.has(other)) continue;
        seen.add(other);
        waiting.push(other);
      }
    }
  }
  return count;
}
