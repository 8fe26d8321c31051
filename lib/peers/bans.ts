/**
 * Who is banned, and until when: node ids, or ranges of IP addresses by their texts. Apart from the
 * known peers, so that forgetting a peer does not lift its ban, and bans take no place of peers
 * that could be dialed.
 */
export class Bans<K extends string = string> {
  readonly #capacity: number;
  readonly #untilMs = new Map<K, number>();

  /** @param capacity how many bans are kept; above, the one that would end first is lifted */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Bans `key` until then; a ban that lasts longer stays as it is.
   *
   * @returns whose ban was lifted to make room
   */
  add(key: K, untilMs: number): K | undefined {
    this.#untilMs.set(key, Math.max(untilMs, this.#untilMs.get(key) ?? 0));
    return this.#untilMs.size > this.#capacity ? this.#liftOne() : undefined;
  }

  /** Ends the ban of `key`; false without one. */
  lift(key: K): boolean {
    return this.#untilMs.delete(key);
  }

  /** When the ban of `key` ends or ended; 0 without one. */
  until(key: K): number {
    return this.#untilMs.get(key) ?? 0;
  }

  isBanned(key: K, nowMs: number): boolean {
    const until = this.until(key);
    if (until === 0) return false;
    if (until > nowMs) return true;
    this.#untilMs.delete(key);
    return false;
  }

  /** Those that are banned, and when their bans end. */
  entries(nowMs: number): readonly (readonly [key: K, untilMs: number])[] {
    return [...this.#untilMs].filter(([, untilMs]) => untilMs > nowMs);
  }

  #liftOne(): K | undefined {
    let first: K | undefined;
    let firstMs = Infinity;
    for (const [key, untilMs] of this.#untilMs) {
      if (untilMs < firstMs) {
        first = key;
        firstMs = untilMs;
      }
    }
    if (first !== undefined) this.#untilMs.delete(first);
    return first;
  }
}
