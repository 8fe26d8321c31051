import type { Unsaved } from './store/unsaved.ts';

/**
 * Bans and when they end. Keys are node IDs, or ranges of IP addresses as text. They are kept apart
 * from the known peers, so that forgetting a peer does not lift its ban, and bans take no room from
 * peers that could be dialed.
 */
export class Bans<K extends string = string> {
  readonly #capacity: () => number;
  readonly #untilMs = new Map<K, number>();
  readonly #unsaved: Unsaved | undefined;

  /**
   * @param capacity the most bans to keep; beyond it, the one that would end first is lifted
   * @param unsaved notified of the keys whose bans change
   */
  constructor(capacity: () => number, unsaved?: Unsaved) {
    this.#capacity = capacity;
    this.#unsaved = unsaved;
  }

  /**
   * Bans `key` until the given time. A ban that already lasts longer stays as it is.
   *
   * @returns the key whose ban was lifted to make room, if any
   */
  add(key: K, untilMs: number): K | undefined {
    this.#untilMs.set(key, Math.max(untilMs, this.#untilMs.get(key) ?? 0));
    this.#unsaved?.changed(key);
    return this.#untilMs.size > this.#capacity() ? this.#liftOne() : undefined;
  }

  /** Ends the ban of `key`; false if there was none. */
  lift(key: K): boolean {
    const wasBanned = this.#untilMs.delete(key);
    if (wasBanned) this.#unsaved?.gone(key);
    return wasBanned;
  }

  /** When the ban of `key` ends or ended; 0 without one. */
  until(key: K): number {
    return this.#untilMs.get(key) ?? 0;
  }

  isBanned(key: K, nowMs: number): boolean {
    const until = this.until(key);
    if (until === 0) return false;
    if (until > nowMs) return true;
    this.lift(key);
    return false;
  }

  /** The banned keys, and when their bans end. */
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
    if (first !== undefined) this.lift(first);
    return first;
  }
}
