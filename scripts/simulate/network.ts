import type { NodeId } from 'rxmesh';
import { simulate, type Simulation, type SimulationOptions } from 'rxmesh/testing';
import type { Options } from './options.ts';

/** How much of the log is kept: enough to show how an invariant was broken. */
const logMax = 20_000;

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
  const { nodes, seed, latencyMs, bytesPerSecond, protection, exchange } = options;
  const known = acquaintances(nodes, options.knows, random);
  const peers = { maxConnected: options.maxConnected, wanted: options.wanted };
  const net = simulate({
    nodes,
    seed,
    latencyMs,
    bytesPerSecond,
    protection,
    logMax,
    ...(makeRouter !== undefined && { makeRouter }),
    knows: known,
    options: () => ({ keepAlive: {}, peers, peerExchange: exchange }),
  });
  return { net, known, options };
}

/**
 * How nodes find each other: each one knows some others from the start. Its first acquaintance is
 * an earlier node, so the network is in one piece; the rest are any nodes.
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
 * those that have left, and unless one of the two has no room. With peer exchange: each to as many
 * running nodes as it wants, and all in one piece.
 */
export function isConnected(network: Network): boolean {
  const { net, options } = network;
  if (!options.exchange) return knowConnected(network);
  const running = net.nodes.filter(({ isStopped }) => !isStopped);
  const wanted = Math.min(options.wanted, running.length - 1);
  const hasEnough = running.every(({ up }) => {
    let count = 0;
    for (const id of up) if (isRunning(net, id)) count += 1;
    return count >= wanted;
  });
  return hasEnough && pieces(net) === 1;
}

function knowConnected({ net, known, options }: Network): boolean {
  return net.nodes.every((node) => {
    if (node.isStopped || node.up.size >= options.maxConnected) return true;
    return [...(known[node.index] ?? [])].every((index) => {
      const other = net.node(index);
      return node.up.has(other.id) || other.isStopped || other.up.size >= options.maxConnected;
    });
  });
}

function isRunning(net: Simulation, id: NodeId): boolean {
  const index = net.indexOf(id);
  return index !== undefined && !net.node(index).isStopped;
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
        if (other === undefined || seen.has(other) || net.node(other).isStopped) continue;
        seen.add(other);
        waiting.push(other);
      }
    }
  }
  return count;
}
