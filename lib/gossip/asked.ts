import type { NodeId } from '../index.ts';

/** How many messages a neighbour is asked for at a time. It is asked for more as they arrive. */
const askedMax = 64;

/** What a neighbour has to do. */
interface Load {
  /** How many messages it was asked for that it still may bring. */
  count: number;
  /** When it last brought one, and when it was asked for that one. */
  answerMs: number;
  questionMs: number;
}

/** What each neighbour was asked for: a few messages at a time, so no slow link is flooded. */
export class Asked {
  readonly #loads = new Map<NodeId, Load>();

  /** How many messages are expected of all neighbours. */
  get size(): number {
    let size = 0;
    for (const { count } of this.#loads.values()) size += count;
    return size;
  }

  hasRoom(neighbour: NodeId): boolean {
    return (this.#loads.get(neighbour)?.count ?? 0) < askedMax;
  }

  add(neighbour: NodeId): void {
    const load = this.#loads.get(neighbour);
    if (load !== undefined) load.count += 1;
    else this.#loads.set(neighbour, { count: 1, answerMs: -Infinity, questionMs: -Infinity });
  }

  /** It is not waited for any more. */
  remove(neighbour: NodeId): void {
    const load = this.#loads.get(neighbour);
    if (load === undefined) return;
    load.count -= 1;
    if (load.count === 0) this.#loads.delete(neighbour);
  }

  /** It has brought a message, for which it was asked at this time. */
  answered(neighbour: NodeId, questionMs: number, nowMs: number): void {
    const load = this.#loads.get(neighbour);
    if (load !== undefined) Object.assign(load, { answerMs: nowMs, questionMs });
    this.remove(neighbour);
  }

  /**
   * When it last brought a message, unless that was asked for after this time: answers come in the
   * order of the questions, so such an answer means that an earlier one is not coming.
   */
  answerMs(neighbour: NodeId, questionMs: number): number {
    const load = this.#loads.get(neighbour);
    return load !== undefined && load.questionMs <= questionMs ? load.answerMs : -Infinity;
  }

  forget(neighbour: NodeId): void {
    this.#loads.delete(neighbour);
  }
}
