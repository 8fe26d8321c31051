import { RxmeshError } from '../../lib/model/error.ts';
import { takeFrame } from '../../lib/platform/frame-buffers.node.ts';
import type { RecordCipher } from '../../lib/secure/records.ts';

/** The most bytes of the stream in one record. */
const PAYLOAD_BYTES = 1_024;
/** In front of them, their number as a little-endian uint32. */
const LENGTH_BYTES = 4;
/** A record's plaintext always has this length. */
const FRAME_BYTES: number = LENGTH_BYTES + PAYLOAD_BYTES;
/** A sealed record. */
const RECORD_BYTES: number = FRAME_BYTES + 16;

/** How many records are sealed and written at once: 60 KiB of the stream. */
const framesMax = 60;
/** With room for the length in front of the first record. */
const bufferBytes = LENGTH_BYTES + framesMax * PAYLOAD_BYTES;
/** Unused buffers, shared by all links, so that an idle link does not hold on to 60 KiB. */
const spareBuffers: Uint8Array[] = [];
const spareBuffersMax = 16;

/** A cipher that can also write to buffers of the caller, without allocating any. */
export interface FrameCipher extends RecordCipher {
  /** @param into has `overheadBytes` more than the plaintext */
  sealInto?(plaintext: Uint8Array, into: Uint8Array): void;
  /** @param into has `overheadBytes` less than the record */
  openInto?(record: Uint8Array, into: Uint8Array): void;
}

const nothing = new Uint8Array(0);

/**
 * The bytes of the stream that are sealed next. Each record is sealed where its bytes are: its
 * length is written in front of them, over bytes that the record before it has sealed. So nothing
 * is copied. It never grows: check `free` before writing.
 */
export class OpenRecords {
  #bytes: Uint8Array | undefined;
  #length = 0;

  /** How many bytes of the stream have been written. */
  get length(): number {
    return this.#length;
  }

  /** How many more may be written. */
  get free(): number {
    return framesMax * PAYLOAD_BYTES - this.#length;
  }

  byte(value: number): void {
    this.#buffer()[LENGTH_BYTES + this.#length] = value;
    this.#length += 1;
  }

  /** An unsigned number of at most 31 bits, in its shortest form. */
  varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /** Writes `bytes[start, end)`. */
  write(bytes: Uint8Array, start: number, end: number): void {
    this.#buffer().set(bytes.subarray(start, end), LENGTH_BYTES + this.#length);
    this.#length += end - start;
  }

  /**
   * Seals everything written. The last record is padded with zeros.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID` if there are no nonces left
   */
  seal(cipher: FrameCipher): Uint8Array {
    const buffer = this.#buffer();
    const frames = Math.ceil(this.#length / PAYLOAD_BYTES);
    const sealed = takeFrame(frames * RECORD_BYTES);
    for (let nth = 0; nth < frames; nth += 1) {
      const frame = buffer.subarray(nth * PAYLOAD_BYTES, nth * PAYLOAD_BYTES + FRAME_BYTES);
      const length = Math.min(PAYLOAD_BYTES, this.#length - nth * PAYLOAD_BYTES);
      writeLength(frame, length);
      frame.fill(0, LENGTH_BYTES + length);
      const [start, end] = [nth * RECORD_BYTES, (nth + 1) * RECORD_BYTES];
      if (cipher.sealInto === undefined) sealed.set(cipher.seal(frame), start);
      else cipher.sealInto(frame, sealed.subarray(start, end));
    }
    this.clear();
    return sealed;
  }

  /** Discards what was written. */
  clear(): void {
    this.#length = 0;
    const buffer = this.#bytes;
    this.#bytes = undefined;
    if (buffer !== undefined && spareBuffers.length < spareBuffersMax) spareBuffers.push(buffer);
  }

  #buffer(): Uint8Array {
    return (this.#bytes ??= spareBuffers.pop() ?? new Uint8Array(bufferBytes));
  }
}

/** Opens the records of a byte stream, whatever pieces it arrives in. */
export class RecordReader {
  readonly #cipher: FrameCipher;
  /** The beginning of a record whose rest has not arrived. */
  #partial: Uint8Array | undefined;
  #partialBytes = 0;

  constructor(cipher: FrameCipher) {
    this.#cipher = cipher;
  }

  /**
   * Takes the next piece. Returns what its complete records carry behind `before`, which is what
   * they continue, in a buffer of its own; or `before` itself if no record is complete.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID`, `RXMESH_PROTOCOL_VIOLATION`. Nothing can be read
   *   after that.
   */
  read(piece: Uint8Array, before: Uint8Array = nothing): Uint8Array {
    const records = Math.floor((this.#partialBytes + piece.length) / RECORD_BYTES);
    if (records === 0) {
      this.#keep(piece);
      return before;
    }
    // With room for the length in front of the first record.
    const opened = new Uint8Array(LENGTH_BYTES + before.length + records * PAYLOAD_BYTES);
    opened.set(before, LENGTH_BYTES);
    let end = LENGTH_BYTES + before.length;
    let at = 0;
    for (let nth = 0; nth < records; nth += 1) {
      const from = at;
      at += RECORD_BYTES - this.#partialBytes;
      end += this.#open(this.#complete(piece.subarray(from, at)), opened, end);
    }
    this.#keep(piece.subarray(at));
    return opened.subarray(LENGTH_BYTES, end);
  }

  #complete(end: Uint8Array): Uint8Array {
    const partial = this.#partial;
    if (partial === undefined || this.#partialBytes === 0) return end;
    partial.set(end, this.#partialBytes);
    this.#partialBytes = 0;
    this.#partial = undefined;
    return partial;
  }

  /**
   * Opens one record, so that its bytes begin at `at`. Returns how many bytes it carries. Its
   * length is in front of them for a moment, where the end of the previous record is.
   * @throws {RxmeshError} `RXMESH_PROTOCOL_VIOLATION` if there are no bytes, or too many
   */
  #open(record: Uint8Array, opened: Uint8Array, at: number): number {
    const start = at - LENGTH_BYTES;
    const covered = lengthAt(opened, start);
    const frame = opened.subarray(start, start + FRAME_BYTES);
    if (this.#cipher.openInto === undefined) frame.set(this.#cipher.open(record));
    else this.#cipher.openInto(record, frame);
    const length = lengthAt(frame, 0);
    writeLength(frame, covered);
    if (length > 0 && length <= PAYLOAD_BYTES) return length;
    const text = `a record that carries ${length} bytes, and not 1 to ${PAYLOAD_BYTES}`;
    throw new RxmeshError('RXMESH_PROTOCOL_VIOLATION', text);
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#partial ??= new Uint8Array(RECORD_BYTES);
    this.#partial.set(rest, this.#partialBytes);
    this.#partialBytes += rest.length;
  }
}

/** A little-endian uint32. Written out: destructuring bytes takes several times as long. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return low + (bytes[at + 3] ?? 0) * 0x1000000;
}

function writeLength(frame: Uint8Array, length: number): void {
  frame[0] = length & 0xff;
  frame[1] = (length >>> 8) & 0xff;
  frame[2] = (length >>> 16) & 0xff;
  frame[3] = length >>> 24;
}
