import { simulate, type Simulation } from 'rxmesh/testing';
import type { Options } from './options.ts';

/** How much of the log is kept: enough to show how an invariant was broken. */
const logMax = 200_000;

/** A simulated network, and what its nodes know at the start. */
export interface Network {
  readonly net: Simulation;
  /** The nodes that each node knows, by number. */
  readonly known: readonly ReadonlySet<number>[];
}

export function buildNetwork(options: Options, random: () => number): Network {
  const { nodes, seed, latencyMs, bytesPerSecond, protection, maxConnected } = options;
  const known = acquaintances(nodes, options.knows, random);
  const net = simulate({
    nodes,
    seed,
    latencyMs,
    bytesPerSecond,
    protection,
    logMax,
    knows: (node, other) => known[node]?.has(other) === true,
    options: () => ({ keepAlive: {}, peers: { maxConnected } }),
  });
  return { net, known };
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

/**
 * Whether the nodes are connected as far as their limits allow: each to all that it knows, except
 * those that have left, and unless one of the two has no room.
 */
export function isConnected({ net, known }: Network, maxConnected: number): boolean {
  return net.nodes.every((node) => {
    if (node.isStopped || node.up.size >= maxConnected) return true;
    return [...(known[node.index] ?? [])].every((index) => {
      const other = net.node(index);
      return node.up.has(other.id) || other.isStopped || other.up.size >= maxConnected;
    });
  });
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
