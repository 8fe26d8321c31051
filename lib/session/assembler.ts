const bytesAtFirst = 32 * 1024;
const empty = new Uint8Array(0);

/**
 * Puts the fragments of one channel's messages together again. They are copied: a view would keep
 * its whole record alive. Memory is bounded by twice the size limit; a message that grows beyond
 * the limit is skipped up to its end, and costs nothing more.
 */
export class Assembler {
  #buffer = empty;
  #length = 0;
  /** Bytes of the last message, whose like is expected. */
  #expected = bytesAtFirst;
  #skipping = false;
  /** Whether a message has begun and not ended. */
  open = false;

  /** Messages that come in pieces and will be whole: 1 or 0. */
  get messages(): number {
    return this.open && !this.#skipping ? 1 : 0;
  }

  /** Bytes that are here of such a message. */
  get bytes(): number {
    return this.#length;
  }

  /**
   * Adds a fragment. Returns the whole message after its last one, in a buffer of its own; else
   * `undefined`; `tooLarge` once, when the message has outgrown `bytesMax`.
   */
  add(bytes: Uint8Array, last: boolean, bytesMax: number): Uint8Array | 'tooLarge' | undefined {
    this.open = !last;
    if (this.#skipping) {
      this.#skipping = !last;
      return undefined;
    }
    const length = this.#length + bytes.length;
    if (length > bytesMax) {
      this.#reset();
      this.#skipping = !last;
      return 'tooLarge';
    }
    if (length > this.#buffer.length) this.#grow(length, bytesMax);
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
    return last ? this.#whole() : undefined;
  }

  /** Forgets the message that has begun, if one has: what comes of it still is skipped. */
  skip(): boolean {
    const hasBegun = this.open && !this.#skipping;
    this.#reset();
    this.#skipping = this.open;
    return hasBegun;
  }

  #grow(length: number, bytesMax: number): void {
    const grown = Math.max(length, this.#expected, this.#buffer.length * 2);
    const buffer = new Uint8Array(Math.min(grown, bytesMax));
    buffer.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = buffer;
  }

  #whole(): Uint8Array {
    const { length } = this.#buffer;
    // A peer chooses the lengths: what waits in a lane must not keep much more than it counts.
    const fits = length - this.#length <= length / 8;
    const whole = fits
      ? this.#buffer.subarray(0, this.#length)
      : this.#buffer.slice(0, this.#length);
    this.#expected = Math.max(bytesAtFirst, this.#length);
    this.#reset();
    return whole;
  }

  #reset(): void {
    this.#buffer = empty;
    this.#length = 0;
  }
}
