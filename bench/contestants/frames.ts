/** Takes a frame: `bytes` from `start` up to `end`, which are its own until it returns. */
export type OnFrame = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Finds frames, each behind its length as a varint, in pieces of any size: what protobuf calls
 * delimited. Only a frame that arrives in several pieces is copied.
 */
export class FrameReader {
  readonly #onFrame: OnFrame;
  /** The beginning of a length that is not complete. */
  #head: Uint8Array | undefined;
  /** A frame that is not complete, and how much of it is here. */
  #frame: Uint8Array | undefined;
  #filled = 0;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  read(piece: Uint8Array): void {
    let at = 0;
    let bytes = piece;
    if (this.#frame !== undefined) {
      at = this.#fill(this.#frame, bytes);
    } else if (this.#head !== undefined) {
      bytes = Buffer.concat([this.#head, piece]);
      this.#head = undefined;
    }
    while (at < bytes.length) {
      let [length, shift, start] = [0, 0, at];
      let byte = 0x80;
      while (byte > 0x7f && start < bytes.length) {
        byte = bytes[start] ?? 0;
        length |= (byte & 0x7f) << shift;
        shift += 7;
        start += 1;
      }
      if (byte > 0x7f) {
        this.#head = bytes.slice(at);
        return;
      }
      if (start + length > bytes.length) {
        this.#frame = Buffer.allocUnsafe(length);
        this.#filled = 0;
        this.#fill(this.#frame, bytes.subarray(start));
        return;
      }
      at = start + length;
      this.#onFrame(bytes, start, at);
    }
  }

  /** How much of `bytes` the frame has taken. */
  #fill(frame: Uint8Array, bytes: Uint8Array): number {
    const taken = Math.min(frame.length - this.#filled, bytes.length);
    frame.set(taken === bytes.length ? bytes : bytes.subarray(0, taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === frame.length) {
      this.#frame = undefined;
      this.#onFrame(frame, 0, frame.length);
    }
    return taken;
  }
}

/** Makes frames, each behind its length, into somebody's buffer. */
export interface FrameSource {
  /** How long the frame with this number is, with its length. It is the next one to be written. */
  begin(seq: number): number;
  write(seq: number, into: Buffer, at: number): void;
}
