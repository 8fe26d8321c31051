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

/** Takes one opened record at a time, of any connection. */
const openedFrame = new Uint8Array(FRAME_BYTES);

/**
 * The bytes of the stream that are sealed next, laid out as the plaintexts of records: sealing
 * copies nothing. It never grows: check `free` before writing.
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
    this.#buffer()[positionOf(this.#length)] = value;
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
    const buffer = this.#buffer();
    for (let from = start; from < end;) {
      const room = PAYLOAD_BYTES - (this.#length % PAYLOAD_BYTES);
      const to = Math.min(end, from + room);
      buffer.set(bytes.subarray(from, to), positionOf(this.#length));
      this.#length += to - from;
      from = to;
    }
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
      const frame = buffer.subarray(nth * FRAME_BYTES, (nth + 1) * FRAME_BYTES);
      const length = Math.min(PAYLOAD_BYTES, this.#length - nth * PAYLOAD_BYTES);
      frame[0] = length & 0xff;
      frame[1] = length >>> 8;
      frame[2] = 0;
      frame[3] = 0;
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
    return (this.#bytes ??= spareBuffers.pop() ?? new Uint8Array(framesMax * FRAME_BYTES));
  }
}

/** Where a byte of the stream is in the laid-out records. */
function positionOf(at: number): number {
  return at + LENGTH_BYTES * (Math.floor(at / PAYLOAD_BYTES) + 1);
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
   * Takes the next piece. Returns what its complete records carry, in a buffer of its own; the rest
   * is copied.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID`, `RXMESH_PROTOCOL_VIOLATION`. Nothing can be read
   *   after that.
   */
  read(piece: Uint8Array): Uint8Array {
    const records = Math.floor((this.#partialBytes + piece.length) / RECORD_BYTES);
    const opened = new Uint8Array(records * PAYLOAD_BYTES);
    let length = 0;
    let at = 0;
    for (let nth = 0; nth < records; nth += 1) {
      const from = at;
      at += RECORD_BYTES - this.#partialBytes;
      length += this.#open(this.#complete(piece.subarray(from, at)), opened, length);
    }
    this.#keep(piece.subarray(at));
    return opened.subarray(0, length);
  }

  #complete(end: Uint8Array): Uint8Array {
    const partial = this.#partial;
    if (partial === undefined || this.#partialBytes === 0) return end;
    partial.set(end, this.#partialBytes);
    this.#partialBytes = 0;
    this.#partial = undefined;
    return partial;
  }

  /** Opens one record into `opened`. Returns how many bytes it carries. */
  #open(record: Uint8Array, opened: Uint8Array, at: number): number {
    const frame = this.#frame(record);
    const [low = 0, high = 0, third = 0, fourth = 0] = frame;
    const length = low + high * 0x100 + third * 0x10000 + fourth * 0x1000000;
    if (length === 0 || length > PAYLOAD_BYTES) {
      const text = `a record that carries ${length} bytes, and not 1 to ${PAYLOAD_BYTES}`;
      throw new RxmeshError('RXMESH_PROTOCOL_VIOLATION', text);
    }
    opened.set(frame.subarray(LENGTH_BYTES, LENGTH_BYTES + length), at);
    return length;
  }

  /** The plaintext of a record, which must be copied before another one is opened. */
  #frame(record: Uint8Array): Uint8Array {
    const cipher = this.#cipher;
    if (cipher.openInto === undefined) return cipher.open(record);
    cipher.openInto(record, openedFrame);
    return openedFrame;
  }

  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#partial ??= new Uint8Array(RECORD_BYTES);
    this.#partial.set(rest, this.#partialBytes);
    this.#partialBytes += rest.length;
  }
}
