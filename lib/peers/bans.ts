/**
 * Who is banned, and until when: node ids, or ranges of IP addresses by their texts. Apart from the
 * known peers, so that forgetting a peer does not lift its ban, and bans take no place of peers
 * that could be dialed.
 */
export class Bans {
  readonly #capacity: number;
  readonly #untilMs = new Map<string, number>();

  /** @param capacity how many bans are kept; above, the one that would end first is lifted */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bans `key` until then; a ban that lasts longer stays as it is. */
  add(key: string, untilMs: number): void {
    this.#untilMs.set(key, Math.max(untilMs, this.#untilMs.get(key) ?? 0));
    if (this.#untilMs.size > this.#capacity) this.#liftOne();
  }

  /** Ends the ban of `key`; false without one. */
  lift(key: string): boolean {
    return this.#untilMs.delete(key);
  }

  /** When the ban of `key` ends or ended; 0 without one. */
  until(key: string): number {
    return this.#untilMs.get(key) ?? 0;
  }

  isBanned(key: string, nowMs: number): boolean {
    const until = this.until(key);
    if (until === 0) return false;
    if (until > nowMs) return true;
    this.#untilMs.delete(key);
    return false;
  }

  #liftOne(): void {
    let first: string | undefined;
    let firstMs = Infinity;
    for (const [key, untilMs] of this.#untilMs) {
      if (untilMs < firstMs) {
        first = key;
        firstMs = untilMs;
      }
    }
    if (first !== undefined) this.#untilMs.delete(first);
  }
}
