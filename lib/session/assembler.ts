const bytesAtFirst = 32 * 1024;
const empty = new Uint8Array(0);

/** Why a fragmented message is dropped. */
export type Skipped = 'too-large' | 'channel-closed';

/**
 * Reassembles the fragmented messages of one channel. Fragments are copied: a view would keep its
 * whole record alive. Memory is bounded by twice the size limit. Once a message outgrows the limit,
 * its remaining fragments are discarded.
 *
 * A dropped message counts when its last fragment arrives: if the connection ends before that, its
 * sender counts it as unsent, and it must not count twice.
 */
export class Assembler {
  #buffer = empty;
  #length = 0;
  /** Size of the last message; the next one is expected to be similar. */
  #expected = bytesAtFirst;
  #skipped: Skipped | undefined;
  /** Whether a message has started but not ended. */
  open = false;

  /** How many messages are being assembled: 1 or 0. One that is skipped does not count. */
  get messages(): number {
    return this.open && this.#skipped === undefined ? 1 : 0;
  }

  /** Bytes of that message received so far. */
  get bytes(): number {
    return this.#length;
  }

  /**
   * Adds a fragment. Returns the whole message after its last fragment, in its own buffer, or why
   * it was dropped; before that, undefined.
   *
   * @param bytesMax the limit; undefined if the channel is closed
   */
  add(
    bytes: Uint8Array,
    last: boolean,
    bytesMax: number | undefined,
  ): Uint8Array | Skipped | undefined {
    this.open = !last;
    if (this.#skipped !== undefined) return this.#skip(last);
    const length = this.#length + bytes.length;
    if (bytesMax === undefined || length > bytesMax) {
      this.#reset();
      this.#skipped = bytesMax === undefined ? 'channel-closed' : 'too-large';
      return this.#skip(last);
    }
    if (length > this.#buffer.length) this.#grow(length, bytesMax);
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
    return last ? this.#whole() : undefined;
  }

  /** The channel has closed: drops the message that has started, if any. */
  cut(): void {
    if (!this.open || this.#skipped !== undefined) return;
    this.#reset();
    this.#skipped = 'channel-closed';
  }

  #skip(last: boolean): Skipped | undefined {
    if (!last) return undefined;
    const skipped = this.#skipped;
    this.#skipped = undefined;
    return skipped;
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
