/** What is known of a message: it has arrived, and perhaps its verdict was `reject`. */
export type Outcome = 'arrived' | 'rejected';

/**
 * The IDs of messages that have arrived, in two generations: when the newer one is full or old
 * enough, the older one is forgotten as a whole. So an ID is remembered for at least `keepMs`,
 * unless more than half of `max` others arrive in that time.
 */
export class Seen {
  readonly #generationMax: number;
  readonly #keepMs: number;
  #newer = new Map<string, Outcome>();
  #older = new Map<string, Outcome>();
  #turnedMs = -Infinity;

  constructor(max: number, keepMs: number) {
    this.#generationMax = Math.ceil(max / 2);
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  get(id: string): Outcome | undefined {
    return this.#newer.get(id) ?? this.#older.get(id);
  }

  add(id: string, nowMs: number): void {
    const isOld = nowMs - this.#turnedMs >= this.#keepMs;
    if (this.#newer.size >= this.#generationMax || (isOld && this.#newer.size > 0)) {
      this.#older =
        nowMs - this.#turnedMs >= 2 * this.#keepMs ? new Map<string, Outcome>() : this.#newer;
      this.#newer = new Map();
      this.#turnedMs = nowMs;
    } else if (isOld) {
      this.#turnedMs = nowMs;
    }
    this.#newer.set(id, 'arrived');
  }

  /** A message that has been added is rejected. */
  reject(id: string): void {
    const generation = this.#newer.has(id) ? this.#newer : this.#older;
    if (generation.has(id)) generation.set(id, 'rejected');
  }
}
