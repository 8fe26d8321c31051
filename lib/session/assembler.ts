const bytesAtFirst = 32 * 1024;
const empty = new Uint8Array(0);

/**
 * Reassembles the fragmented messages of one channel. Fragments are copied: a view would keep its
 * whole record alive. Memory is bounded by twice the size limit. Once a message outgrows the limit,
 * its remaining fragments are discarded.
 */
export class Assembler {
  #buffer = empty;
  #length = 0;
  /** Size of the last message; the next one is expected to be similar. */
  #expected = bytesAtFirst;
  #skipping = false;
  /** Whether a message has started but not ended. */
  open = false;

  /** How many messages are being assembled: 1 or 0. One that is skipped does not count. */
  get messages(): number {
    return this.open && !this.#skipping ? 1 : 0;
  }

  /** Bytes of that message received so far. */
  get bytes(): number {
    return this.#length;
  }

  /**
   * Adds a fragment. Returns the whole message after its last fragment, in its own buffer;
   * `tooLarge` once if the message outgrows `bytesMax`; otherwise undefined.
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

  /**
   * Drops the message that has started, if any, and skips its remaining fragments. Returns whether
   * there was one.
   */
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
    // A peer chooses the lengths, so a waiting message must not hold much more memory than its
    // size.
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
