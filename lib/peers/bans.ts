import type { NodeId } from '../model/id.ts';

/**
 * Who is banned, and until when. Apart from the known peers, so that forgetting a peer does not lift
 * its ban, and bans take no place of peers that could be dialed.
 */
export class Bans {
  readonly #capacity: number;
  readonly #untilMs = new Map<NodeId, number>();

  /** @param capacity how many bans are kept; above, the one that would end first is lifted */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bans `id` until then; a ban that lasts longer stays as it is. */
  add(id: NodeId, untilMs: number): void {
    this.#untilMs.set(id, Math.max(untilMs, this.#untilMs.get(id) ?? 0));
    if (this.#untilMs.size > this.#capacity) this.#liftOne();
  }

  /** When the ban of `id` ends or ended; 0 without one. */
  until(id: NodeId): number {
    return this.#untilMs.get(id) ?? 0;
  }

  isBanned(id: NodeId, nowMs: number): boolean {
    const until = this.until(id);
    if (until === 0) return false;
    if (until > nowMs) return true;
    this.#untilMs.delete(id);
    return false;
  }

  #liftOne(): void {
    let first: NodeId | undefined;
    let firstMs = Infinity;
    for (const [id, untilMs] of this.#untilMs) {
      if (untilMs < firstMs) {
        first = id;
        firstMs = untilMs;
      }
    }
    if (first !== undefined) this.#untilMs.delete(first);
  }
}
