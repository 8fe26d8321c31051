/** A line between two ends. */
export interface LineOptions {
  /** How long it takes from one end to the other. */
  readonly delayMs: number;
  /** The most that is added to the delay, at random. What was sent first still arrives first. */
  readonly jitterMs?: number;
  /** What each direction carries; 0: no limit. */
  readonly bitsPerSecond: number;
}

/** The bottleneck has room for what it sends in this time, but for no less than `queueBytesMin`. */
const queueMs = 100;
const queueBytesMin = 65_536;

/** The most that one direction holds. Without a limit of bandwidth nothing else bounds it. */
const heldBytesMax = 64 * 2 ** 20;

/**
 * What arrives at once: as much as passes the bottleneck in this time, but no less than one packet.
 */
const pieceMs = 1;
const pieceBytesMin = 1460;

interface Piece {
  readonly bytes: Uint8Array;
  readonly arrivesAtMs: number;
}

/** Stands behind the last bytes. */
const end = new Uint8Array(0);

/** Pieces that are gone are forgotten when there are this many. */
const goneMax = 1024;

/**
 * One direction of a line: a bottleneck with a queue in front of it, and the way behind it. It has
 * no timers: it is told the time, which may only grow, and says when it wants to be asked again.
 */
export class LineDirection {
  readonly #delayMs: number;
  readonly #jitterMs: number;
  readonly #bytesPerMs: number;
  /** How far the bottleneck is behind when its queue is full. */
  readonly #queueMsMax: number;
  readonly #pieceBytes: number;
  readonly #random: () => number;
  /** What is on its way, in the order in which it arrives; what is before `#first` is gone. */
  #pieces: Piece[] = [];
  #first = 0;
  #heldBytes = 0;
  /** When the bottleneck will have sent all that it has. */
  #freeAtMs = 0;
  #lastArrivalMs = 0;

  /** @param random from 0 up to 1 */
  constructor(
    { delayMs, jitterMs = 0, bitsPerSecond }: LineOptions,
    random: () => number = Math.random,
  ) {
    this.#delayMs = delayMs;
    this.#jitterMs = jitterMs;
    this.#random = random;
    this.#bytesPerMs = bitsPerSecond === 0 ? Infinity : bitsPerSecond / 8000;
    this.#queueMsMax =
      bitsPerSecond === 0 ? Infinity : Math.max(queueBytesMin / this.#bytesPerMs, queueMs);
    this.#pieceBytes = Math.max(pieceBytesMin, Math.floor(this.#bytesPerMs * pieceMs));
  }

  /** Takes bytes in. It takes them also when it is full: look at `isFull` afterwards. */
  put(bytes: Uint8Array, nowMs: number): void {
    for (let at = 0; at < bytes.length; at += this.#pieceBytes) {
      const whole = at === 0 && bytes.length <= this.#pieceBytes;
      this.#send(whole ? bytes : bytes.subarray(at, at + this.#pieceBytes), nowMs);
    }
  }

  /** There is nothing behind what was put. */
  putEnd(nowMs: number): void {
    this.#send(end, nowMs);
  }

  /**
   * The next bytes that have arrived, `'end'` behind the last ones, or undefined: nothing has
   * arrived.
   */
  take(nowMs: number): Uint8Array | 'end' | undefined {
    const piece = this.#pieces[this.#first];
    if (piece === undefined || piece.arrivesAtMs > nowMs) return undefined;
    this.#first += 1;
    if (this.#first === this.#pieces.length || this.#first === goneMax) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
    this.#heldBytes -= piece.bytes.length;
    return piece.bytes === end ? 'end' : piece.bytes;
  }

  /** When the next bytes arrive; infinite if there are none. */
  nextArrivalMs(): number {
    return this.#pieces[this.#first]?.arrivesAtMs ?? Infinity;
  }

  /** What waits, and what is on its way. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  isFull(nowMs: number): boolean {
    return this.#heldBytes >= heldBytesMax || this.#freeAtMs - nowMs >= this.#queueMsMax;
  }

  /** When the queue has room again, if it has none now. */
  roomAtMs(): number {
    return this.#freeAtMs - this.#queueMsMax;
  }

  #send(bytes: Uint8Array, nowMs: number): void {
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + bytes.length / this.#bytesPerMs;
    const arrivesAtMs = this.#freeAtMs + this.#delayMs + this.#random() * this.#jitterMs;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivesAtMs);
    this.#pieces.push({ bytes, arrivesAtMs: this.#lastArrivalMs });
    this.#heldBytes += bytes.length;
  }
}
