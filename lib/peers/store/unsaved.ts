/**
 * The keys whose records differ from those in the store. Their number is bounded by what the node
 * knows and what the store holds, however long nothing can be written.
 */
export class Unsaved {
  /** The keys that have a record. */
  readonly #stored = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #onChange: () => void;

  /** @param onChange called when a record must be written or deleted */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#changed.size;
  }

  /** The record of this key must be written. */
  changed(key: string): void {
    this.#changed.add(key);
    this.#onChange();
  }

  /** The record of this key must be deleted, if there is one. */
  gone(key: string): void {
    if (this.#stored.has(key)) this.changed(key);
    else this.#changed.delete(key);
  }

  isStored(key: string): boolean {
    return this.#stored.has(key);
  }

  /** A record was found, or written, or deleted. */
  setStored(key: string, isStored: boolean): void {
    if (isStored) this.#stored.add(key);
    else this.#stored.delete(key);
  }

  /** The record was just read, and says what is known. */
  agrees(key: string): void {
    this.#changed.delete(key);
  }

  /** Takes at most `limit` keys whose records must be written or deleted. */
  take(limit: number): readonly string[] {
    const keys: string[] = [];
    for (const key of this.#changed) {
      if (keys.length === limit) break;
      this.#changed.delete(key);
      keys.push(key);
    }
    return keys;
  }
}

/** What is unsaved of a node's peers: by node ID, and for bans by node ID or range. */
export interface UnsavedParts {
  readonly peers: Unsaved;
  readonly bans: Unsaved;
}
