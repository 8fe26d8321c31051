import type { NodeId } from '../../lib/model/id.ts';

/**
 * How far what one node sends to another gets: it arrives, it is refused because the network is
 * partitioned, or it is lost silently.
 */
export type Passage = 'arrives' | 'refused' | 'lost';

/** Which nodes of a network reach which, while it is partitioned or lines are silent. */
export class Reach {
  /** The island of each node, while the network is divided. */
  #islands: ReadonlyMap<NodeId, number> = new Map();
  /** Whether nodes do not notice the division. */
  #isSilent = false;
  /** The nodes that do not hear a node. */
  readonly #deaf = new Map<NodeId, Set<NodeId>>();

  /** Divides the network into islands. A node that is not on any island reaches all others. */
  divide(islands: readonly (readonly NodeId[])[], isSilent: boolean): void {
    this.#islands = new Map(islands.flatMap((ids, island) => ids.map((id) => [id, island])));
    this.#isSilent = isSilent;
  }

  /** Loses whatever one node sends to another, silently. */
  mute(from: NodeId, to: NodeId): void {
    const deaf = this.#deaf.get(from);
    if (deaf === undefined) this.#deaf.set(from, new Set([to]));
    else deaf.add(to);
  }

  /** Ends all divisions and silences. */
  heal(): void {
    this.divide([], false);
    this.#deaf.clear();
  }

  of(from: NodeId, to: NodeId): Passage {
    if (this.#deaf.get(from)?.has(to) === true) return 'lost';
    const islands = [this.#islands.get(from), this.#islands.get(to)];
    if (islands.includes(undefined) || islands[0] === islands[1]) return 'arrives';
    return this.#isSilent ? 'lost' : 'refused';
  }
}
