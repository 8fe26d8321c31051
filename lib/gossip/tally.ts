/** How many IDs a tally counts. */
const talliedMax = 4_096;

/** Counts how often something has happened to each ID, for those that it happened to last. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** It happens again. Returns how often it has happened. */
  up(id: string): number {
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.delete(id);
    this.#counts.set(id, count);
    for (const [oldest] of this.#counts) {
      if (this.#counts.size <= talliedMax) break;
      this.#counts.delete(oldest);
    }
    return count;
  }
}
