/** What a line between two ends is like. */
export interface LineOptions {
  /** One-way latency, in milliseconds. Default 0. */
  readonly latencyMs?: number;
  /** The most that chance adds to the latency, in milliseconds. Order is preserved. Default 0. */
  readonly jitterMs?: number;
  /** Bandwidth of each direction, in bytes per second. Default Infinity. */
  readonly bytesPerSecond?: number;
}

/** The queue at the bottleneck holds what it sends in this time, but at least `queueBytesMin`. */
const queueMs = 100;
const queueBytesMin = 65_536;

/** The most that one direction holds. Nothing else limits it if the bandwidth is unlimited. */
const heldBytesMax = 64 * 2 ** 20;

/**
 * Bytes arrive in pieces: as much as passes the bottleneck in this time, but at least one packet.
 */
const pieceMs = 1;
const pieceBytesMin = 1460;

interface Piece {
  readonly bytes: Uint8Array;
  readonly arrivesAtMs: number;
}

/** Marks the end, after the last bytes. */
const end = new Uint8Array(0);

/** Delivered pieces are removed from the array in batches of this size. */
const goneMax = 1024;

/**
 * One direction of a line: a bottleneck with a queue in front of it, then a latency. It has no
 * timers: callers pass in the time, which must not decrease, and can ask when to call again.
 */
export class LineDirection {
  readonly #latencyMs: number;
  readonly #jitterMs: number;
  readonly #bytesPerMs: number;
  /** Backlog of the bottleneck, in milliseconds, at which the queue is full. */
  readonly #queueMsMax: number;
  readonly #pieceBytes: number;
  readonly #random: () => number;
  /** Pieces in transit, in order of arrival. Those before `#first` have been delivered. */
  #pieces: Piece[] = [];
  #first = 0;
  #heldBytes = 0;
  /** When the bottleneck will have sent everything queued. */
  #freeAtMs = 0;
  #lastArrivalMs = 0;

  /** @param random returns a number from 0 up to 1 */
  constructor(
    { latencyMs = 0, jitterMs = 0, bytesPerSecond = Infinity }: LineOptions,
    random: () => number,
  ) {
    this.#latencyMs = latencyMs;
    this.#jitterMs = jitterMs;
    this.#random = random;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#queueMsMax =
      bytesPerSecond === Infinity ? Infinity : Math.max(queueBytesMin / this.#bytesPerMs, queueMs);
    this.#pieceBytes = Math.max(pieceBytesMin, Math.floor(this.#bytesPerMs * pieceMs));
  }

  /** Accepts bytes, even when full: check `isFull` afterwards. */
  put(bytes: Uint8Array, nowMs: number): void {
    for (let at = 0; at < bytes.length; at += this.#pieceBytes) {
      const whole = at === 0 && bytes.length <= this.#pieceBytes;
      this.#send(whole ? bytes : bytes.subarray(at, at + this.#pieceBytes), nowMs);
    }
  }

  /** The same for bytes that arrive in one piece, when the last of them does. */
  putWhole(bytes: Uint8Array, nowMs: number): void {
    this.#send(bytes, nowMs);
  }

  /** Marks the end of the bytes. */
  putEnd(nowMs: number): void {
    this.#send(end, nowMs);
  }

  /** Drops everything put so far. */
  clear(): void {
    this.#pieces = [];
    this.#first = 0;
    this.#heldBytes = 0;
    this.#freeAtMs = 0;
    this.#lastArrivalMs = 0;
  }

  /**
   * The next bytes that have arrived, `'end'` after the last ones, or undefined if nothing has
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

  /** When the next bytes arrive; Infinity if there are none. */
  nextArrivalMs(): number {
    return this.#pieces[this.#first]?.arrivesAtMs ?? Infinity;
  }

  /** When everything put so far will have arrived. */
  get lastArrivalMs(): number {
    return this.#lastArrivalMs;
  }

  /** Bytes queued or in transit. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  isFull(nowMs: number): boolean {
    return this.#heldBytes >= heldBytesMax || this.roomAtMs() > nowMs;
  }

  /** When the queue will have room again, if it is full. */
  roomAtMs(): number {
    return this.#freeAtMs - this.#queueMsMax;
  }

  #send(bytes: Uint8Array, nowMs: number): void {
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + bytes.length / this.#bytesPerMs;
    const arrivesAtMs = this.#freeAtMs + this.#latencyMs + this.#random() * this.#jitterMs;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivesAtMs);
    this.#pieces.push({ bytes, arrivesAtMs: this.#lastArrivalMs });
    this.#heldBytes += bytes.length;
  }
}
