import { RxmeshError } from '../../lib/model/error.ts';

/** The bytes of a handshake that have arrived. Small, so it simply copies. */
export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array(0);

  add(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
  }

  /** The first bytes, at most this many, without removing them. */
  peek(length: number): Uint8Array {
    return this.#bytes.subarray(0, length);
  }

  /** Removes this many bytes. Returns undefined if there are not as many. */
  take(length: number): Uint8Array | undefined {
    if (this.#bytes.length < length) return undefined;
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  takeAll(): Uint8Array {
    const taken = this.#bytes;
    this.#bytes = new Uint8Array(0);
    return taken;
  }

  /**
   * Removes a message behind its length. Returns undefined if it is incomplete.
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED` if it is longer than `lengthMax`
   */
  takeDelimited(lengthMax: number): Uint8Array | undefined {
    let length = 0;
    let at = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[at];
      if (byte === undefined) return undefined;
      at += 1;
      length += (byte & 0x7f) * scale;
      if (length > lengthMax || at > 5) {
        const text = `the other side announced a message of more than ${lengthMax} bytes`;
        throw new RxmeshError('RXMESH_HANDSHAKE_FAILED', text);
      }
      if (byte < 0x80) break;
    }
    if (this.#bytes.length < at + length) return undefined;
    this.take(at);
    return this.take(length);
  }
}
