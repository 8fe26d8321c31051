/** Opcodes from this one on belong to control frames (RFC 6455, 5.2). */
const firstControlOpcode = 0x8;
const closeOpcode = 0x8;

/**
 * Tracks the boundaries of WebSocket frames across reads by their headers alone (RFC 6455, 5.2), so
 * that a read can be split between two frames. It neither looks at nor validates their contents.
 */
export class FrameScanner {
  /** How many frames began in the last scan. */
  frames = 0;
  /** How many pings and pongs have begun and not been counted; the consumer resets it to 0. */
  controls = 0;
  /**
   * Whether the last scan found a fragment of a message, which ws keeps until the rest has arrived.
   */
  isPiece = false;
  /** Whether a complete close frame has arrived; whatever follows it is ignored. */
  isClosed = false;
  readonly #header = new Uint8Array(14);
  #headerLength = 0;
  /** How many bytes of the current frame are still to come, after its header. */
  #left = 0;

  /**
   * Returns where the last of at most `framesMax` frames from `start` ends, or the end of the read.
   * A fragment of a message is always scanned alone: the scan stops before it, or after it.
   */
  scan(bytes: Uint8Array, start: number, framesMax: number): number {
    let at = start;
    this.frames = 0;
    this.isPiece = this.#isInPiece();
    while (at < bytes.length) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, bytes.length - at);
        this.#left -= skipped;
        at += skipped;
        if (this.#left > 0) return at;
        this.#end();
        if (this.isClosed) return bytes.length;
      }
      if (this.#headerLength === 0) {
        if (this.isPiece || at === bytes.length || this.frames === framesMax) return at;
        const isPiece = isUnfinished(bytes[at] ?? 0);
        if (isPiece && at > start) return at;
        this.isPiece = isPiece;
        this.frames += 1;
      }
      at = this.#takeHeader(bytes, at);
      if (this.isClosed) return bytes.length;
    }
    return at;
  }

  /** Whether the previous read ended within a fragment of a message. */
  #isInPiece(): boolean {
    return this.#headerLength > 0 && isUnfinished(this.#header[0] ?? 0);
  }

  /** Takes as much of the header as has arrived. Returns the position after it. */
  #takeHeader(bytes: Uint8Array, start: number): number {
    const header = this.#header;
    let at = start;
    while (at < bytes.length) {
      header[this.#headerLength] = bytes[at] ?? 0;
      this.#headerLength += 1;
      at += 1;
      if (this.#headerLength < 2 || this.#headerLength < headerBytes(header[1] ?? 0)) continue;
      this.#begin();
      return at;
    }
    return at;
  }

  #begin(): void {
    const header = this.#header;
    const opcode = (header[0] ?? 0) & 0x0f;
    if (opcode > firstControlOpcode) this.controls += 1;
    const short = (header[1] ?? 0) & 0x7f;
    this.#left = short < 126 ? short : bigEndian(header, short === 126 ? 2 : 8);
    if (this.#left === 0) this.#end();
  }

  /** The frame is at its end. */
  #end(): void {
    this.#headerLength = 0;
    this.isClosed = ((this.#header[0] ?? 0) & 0x0f) === closeOpcode;
  }
}

/** Whether a frame with this first byte is a fragment of a message other than the last. */
function isUnfinished(firstByte: number): boolean {
  return (firstByte & 0x80) === 0;
}

/** The length of a header with this second byte. */
function headerBytes(secondByte: number): number {
  const short = secondByte & 0x7f;
  const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
  return 2 + lengthBytes + (secondByte & 0x80 ? 4 : 0);
}

/** The payload length that follows the first two bytes. */
function bigEndian(header: Uint8Array, bytes: number): number {
  let value = 0;
  for (let i = 2; i < 2 + bytes; i += 1) value = value * 256 + (header[i] ?? 0);
  return value;
}
