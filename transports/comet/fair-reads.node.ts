import type { Readable } from 'node:stream';
import type { Turns, Waiting } from '../../lib/transport/turns.ts';

/** A read of this size may be one of many in a turn, so its time counts. */
const largeReadBytes = 16_384;
/** How many reads at the start count as well: a handshake takes longer than any read after it. */
const firstReads = 4;

/**
 * Reads a stream in turns with the other sockets of the process. While a peer sends little, its
 * bytes are taken at once. A peer that sends without pause waits for its turn after each read, and
 * its stream is paused meanwhile.
 */
export class FairReads implements Waiting {
  readonly #stream: Readable;
  readonly #turns: Turns;
  readonly #take: (read: Uint8Array) => void;
  /** Reads not taken yet: usually one, unless the stream takes a moment to pause. */
  #reads: Uint8Array[] = [];
  #firstReads = firstReads;
  /** Whether it is queued for a turn. */
  #isWaiting = false;
  /** Whether its reader has paused it. */
  #isPaused = false;
  #isStopped = false;
  /** What to do once nothing waits any more. */
  #onEnd: (() => void) | undefined;

  /** @param take takes a read, in order; may pause or stop the reading */
  constructor(stream: Readable, turns: Turns, take: (read: Uint8Array) => void) {
    this.#stream = stream;
    this.#turns = turns;
    this.#take = take;
  }

  start(): void {
    this.#stream.on('data', this.#onRead);
  }

  /** Pauses (`true`) or resumes. */
  pause(paused: boolean): void {
    if (this.#isStopped) return;
    this.#isPaused = paused;
    if (!paused && this.#reads.length > 0) this.#wait();
    this.#updatePause();
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Calls `done` once everything that has arrived was taken; never if it is stopped before. */
  end(done: () => void): void {
    if (this.#isStopped) return;
    if (this.#reads.length === 0) done();
    else this.#onEnd = done;
  }

  /** Stops for good: whatever arrives is dropped. */
  stop(): void {
    this.#isStopped = true;
    this.#reads = [];
    this.#onEnd = undefined;
  }

  visit(): boolean {
    const read = this.#isPaused ? undefined : this.#reads.shift();
    if (read !== undefined) this.#take(read);
    if (this.#reads.length > 0 && !this.#isPaused) return true;
    this.#isWaiting = false;
    if (!this.#isStopped) this.#updatePause();
    if (this.#reads.length === 0) this.#finish();
    return false;
  }

  readonly #onRead = ({ buffer, byteOffset, byteLength }: Buffer): void => {
    if (this.#isStopped) return;
    // A plain Uint8Array, because `slice` of a Buffer does not copy.
    const read = new Uint8Array(buffer, byteOffset, byteLength);
    const isFirst = this.#firstReads > 0;
    if (isFirst) this.#firstReads -= 1;
    const isSmall = !isFirst && (byteLength < largeReadBytes || this.#turns.isSmall(byteLength));
    if (isSmall && this.#reads.length === 0 && !this.#isPaused) {
      this.#take(read);
      return;
    }
    this.#reads.push(read);
    if (!this.#isPaused) this.#wait();
    this.#updatePause();
  };

  /** Is served now if there is time, or else queued. */
  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#turns.take(this);
  }

  #finish(): void {
    const done = this.#onEnd;
    this.#onEnd = undefined;
    done?.();
  }

  #updatePause(): void {
    const isHeld = this.#isPaused || this.#reads.length > 0;
    if (this.#isStopped || isHeld === this.#stream.isPaused()) return;
    if (isHeld) this.#stream.pause();
    else this.#stream.resume();
  }
}
