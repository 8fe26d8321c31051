import type { NodeId } from '../index.ts';

/**
 * The trees of Plumtree (Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees", 2007): for each
 * topic, the neighbours that get announcements instead of messages. All others are eager: they get
 * every message at once, and are the branches of the tree.
 *
 * Links begin eager, so the first message floods. Each duplicate prunes the link that it came by,
 * and a missing message grafts the link to a neighbour that has announced it.
 */
export class Trees {
  readonly #topicsMax: number;
  readonly #lazy = new Map<string, Set<NodeId>>();

  /** @param topicsMax of how many topics it remembers the tree; others flood again */
  constructor(topicsMax: number) {
    this.#topicsMax = topicsMax;
  }

  isEager(topic: string, neighbour: NodeId): boolean {
    return this.#lazy.get(topic)?.has(neighbour) !== true;
  }

  /** The link carries announcements from now on. */
  prune(topic: string, neighbour: NodeId): void {
    const lazy = this.#lazy.get(topic);
    if (lazy !== undefined) {
      lazy.add(neighbour);
      return;
    }
    this.#lazy.set(topic, new Set([neighbour]));
    if (this.#lazy.size <= this.#topicsMax) return;
    for (const oldest of this.#lazy.keys()) {
      this.#lazy.delete(oldest);
      return;
    }
  }

  /** The link carries messages from now on. */
  graft(topic: string, neighbour: NodeId): void {
    const lazy = this.#lazy.get(topic);
    lazy?.delete(neighbour);
    if (lazy?.size === 0) this.#lazy.delete(topic);
  }

  /** The neighbour has left. Should it return, its links are eager. */
  forget(neighbour: NodeId): void {
    for (const topic of [...this.#lazy.keys()]) this.graft(topic, neighbour);
  }
}
