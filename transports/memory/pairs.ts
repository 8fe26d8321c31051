import type { NodeId } from '../../lib/model/id.ts';
import type { MemorySocket } from './memory-socket.ts';

/** Two connected sockets, and the nodes that they belong to. */
export interface Pair {
  readonly dialer: NodeId;
  readonly listener: NodeId;
  /** The dialer's side. */
  readonly outbound: MemorySocket;
  /** The listener's side. */
  readonly inbound: MemorySocket;
}

/** The connections of a network, by node: a node's own are found without a look at the others. */
export class Pairs {
  readonly #all = new Set<Pair>();
  readonly #byNode = new Map<NodeId, Set<Pair>>();

  add(pair: Pair): void {
    this.#all.add(pair);
    for (const node of [pair.dialer, pair.listener]) {
      const own = this.#byNode.get(node);
      if (own === undefined) this.#byNode.set(node, new Set([pair]));
      else own.add(pair);
    }
  }

  delete(pair: Pair): void {
    this.#all.delete(pair);
    for (const node of [pair.dialer, pair.listener]) {
      const own = this.#byNode.get(node);
      own?.delete(pair);
      if (own?.size === 0) this.#byNode.delete(node);
    }
  }

  /** All connections now, in the order in which they were made. */
  all(): readonly Pair[] {
    return [...this.#all];
  }

  /** The connections of a node now. */
  of(node: NodeId): readonly Pair[] {
    return [...(this.#byNode.get(node) ?? [])];
  }
}
