import type { NodeId } from '../model/id.ts';

/** A node as far as acquaintances are concerned. */
export interface Acquainted {
  readonly id: NodeId;
  /** The peers that are up now. */
  readonly up: ReadonlySet<NodeId>;
}

/**
 * Which nodes should be up with each other, and how many are not. It counts as peers come and go,
 * so asking whether a network is up costs nothing, whatever its size.
 */
export class Acquaintances<N extends Acquainted> {
  readonly #nodes = new Map<NodeId, N>();
  readonly #known = new Map<NodeId, Set<NodeId>>();
  readonly #running = new Set<NodeId>();
  #missing = 0;

  /** How many nodes miss a peer, counted once for each peer that they miss. */
  get missing(): number {
    return this.#missing;
  }

  /** Adds a node that is about to start, with those of the nodes before it that it knows. */
  add(node: N, known: Iterable<N>): void {
    const ids = new Set<NodeId>();
    this.#nodes.set(node.id, node);
    this.#known.set(node.id, ids);
    for (const { id } of known) {
      ids.add(id);
      this.#known.get(id)?.add(node.id);
    }
    this.started(node);
  }

  /** The node starts, again: it should be up with all acquaintances that run. */
  started(node: N): void {
    if (this.#running.has(node.id)) return;
    // Others may not know yet that it had crashed.
    this.#missing += this.#missingOf(node);
    this.#running.add(node.id);
  }

  /** The node has stopped; nobody needs to be up with it. */
  stopped(node: N): void {
    if (!this.#running.delete(node.id)) return;
    this.#missing -= this.#missingOf(node);
  }

  /** A peer came up at a node where it was down, or went down where it was up. */
  changed(node: N, peer: NodeId, isUp: boolean): void {
    const isExpected = this.#known.get(node.id)?.has(peer) === true;
    if (!isExpected || !this.#running.has(node.id) || !this.#running.has(peer)) return;
    this.#missing += isUp ? -1 : 1;
  }

  /** The pairs that should be up with each other and are not. */
  apart(): readonly (readonly [N, N])[] {
    const pairs: [N, N][] = [];
    const seen = new Set<NodeId>();
    for (const id of this.#running) {
      const node = this.#nodes.get(id);
      if (node === undefined) continue;
      seen.add(id);
      for (const other of this.#runningOf(node)) {
        if (seen.has(other.id) || (node.up.has(other.id) && other.up.has(id))) continue;
        pairs.push([node, other]);
      }
    }
    return pairs;
  }

  /** How many peers this node misses, and how many miss it. */
  #missingOf(node: N): number {
    let missing = 0;
    for (const other of this.#runningOf(node)) {
      if (!node.up.has(other.id)) missing += 1;
      if (!other.up.has(node.id)) missing += 1;
    }
    return missing;
  }

  #runningOf({ id }: N): readonly N[] {
    return [...(this.#known.get(id) ?? [])].flatMap((other) => {
      const node = this.#nodes.get(other);
      return node !== undefined && this.#running.has(other) ? [node] : [];
    });
  }
}
