import type { NodeId } from '../index.ts';

/**
 * The trees of Plumtree (Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees", 2007): for each
 * topic, the neighbours that get announcements instead of messages. All others are eager: they get
 * every message at once, and are the branches of the tree.
 *
 * Links begin eager, so the first message floods. A duplicate prunes the link that it came by
 * (see `Leads`), and a missing message grafts the link to a neighbour that has announced it.
 */
export class Trees {
  readonly #topicsMax: number;
  readonly #lazy = new Map<NodeId, Set<string>>();

  /** @param topicsMax in how many topics a neighbour may be lazy */
  constructor(topicsMax: number) {
    this.#topicsMax = topicsMax;
  }

  isEager(topic: string, neighbour: NodeId): boolean {
    return this.#lazy.get(neighbour)?.has(topic) !== true;
  }

  /** The link carries announcements from now on. */
  prune(topic: string, neighbour: NodeId): void {
    const topics = this.#lazy.get(neighbour) ?? new Set();
    this.#lazy.set(neighbour, topics.add(topic));
    if (topics.size <= this.#topicsMax) return;
    for (const oldest of topics) {
      topics.delete(oldest);
      return;
    }
  }

  /** The link carries messages from now on. */
  graft(topic: string, neighbour: NodeId): void {
    this.#lazy.get(neighbour)?.delete(topic);
  }

  /** The neighbour has left. Should it return, its links are eager. */
  forget(neighbour: NodeId): void {
    this.#lazy.delete(neighbour);
  }
}
