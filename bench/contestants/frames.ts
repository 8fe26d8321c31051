/** Receives a frame: `bytes` from `start` up to `end`, valid only until the call returns. */
export type OnFrame = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Reads length-prefixed frames (varint prefix, as in delimited protobuf) from chunks of any size.
 * Only a frame that spans several chunks is copied.
 */
export class FrameReader {
  readonly #onFrame: OnFrame;
  /** The first bytes of an incomplete length prefix. */
  #head: Uint8Array | undefined;
  /** An incomplete frame; `#filled` bytes of it have arrived. */
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

  /** Copies bytes into the incomplete frame. Returns how many were copied. */
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

/** Writes length-prefixed frames into a buffer that the caller provides. */
export interface FrameSource {
  /** Prepares frame `seq` as the next one to write. Returns its size, including the prefix. */
  begin(seq: number): number;
  write(seq: number, into: Buffer, at: number): void;
}
