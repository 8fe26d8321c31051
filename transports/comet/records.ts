import { RxmeshError } from '../../lib/model/error.ts';
import { takeFrame } from '../../lib/platform/frame-buffers.node.ts';
import type { RecordCipher } from '../../lib/secure/records.ts';
import {
  frameAt,
  LENGTH_BYTES,
  PAYLOAD_BYTES,
  RECORD_BYTES,
  recordIn,
  RecordSlot,
  SLOT_START,
  slotRecordsMax,
  slotRecordsMin,
} from './record-slot.ts';

/** How many records are sealed and written at once: 60 KiB of the stream. */
const framesMax = 60;
/** How many bytes of the stream that is. */
export const STREAM_BYTES: number = framesMax * PAYLOAD_BYTES;

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
  #slot: RecordSlot | undefined;
  #length = 0;

  /** How many bytes of the stream have been written. */
  get length(): number {
    return this.#length;
  }

  /** How many more may be written. */
  get free(): number {
    return STREAM_BYTES - this.#length;
  }

  byte(value: number): void {
    this.#bytes()[SLOT_START + this.#length] = value;
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
    this.#bytes().set(bytes.subarray(start, end), SLOT_START + this.#length);
    this.#length += end - start;
  }

  /**
   * Seals everything written. The last record is padded with zeros.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID` if there are no nonces left
   */
  seal(cipher: FrameCipher): Uint8Array {
    const frames = Math.ceil(this.#length / PAYLOAD_BYTES);
    const sealed = takeFrame(frames * RECORD_BYTES);
    for (let nth = 0; nth < frames; nth += 1) {
      const length = Math.min(PAYLOAD_BYTES, this.#length - nth * PAYLOAD_BYTES);
      const frame = this.#frame(nth, length);
      if (cipher.sealInto === undefined) sealed.set(cipher.seal(frame), nth * RECORD_BYTES);
      else cipher.sealInto(frame, recordIn(sealed, nth));
    }
    this.clear();
    return sealed;
  }

  /** Discards what was written. */
  clear(): void {
    this.#length = 0;
    this.#slot?.giveBack();
    this.#slot = undefined;
  }

  /** The plaintext of a record. */
  #frame(nth: number, length: number): Uint8Array {
    this.#slot ??= RecordSlot.take();
    const frame = this.#slot.frame(nth);
    writeLength(frame, length);
    if (length < PAYLOAD_BYTES) frame.fill(0, LENGTH_BYTES + length);
    return frame;
  }

  #bytes(): Uint8Array {
    return (this.#slot ??= RecordSlot.take()).bytes;
  }
}

/** Opens the records of a byte stream, whatever pieces it arrives in. */
export class RecordReader {
  readonly #cipher: FrameCipher;
  /** The beginning of a record whose rest has not arrived. */
  #partial: Uint8Array | undefined;
  #partialBytes = 0;
  /** Where the last read is. Undefined if it has a buffer of its own. */
  #slot: RecordSlot | undefined;
  /** Whether the last read was released, so that the next one probably will be. */
  #isReleased = false;

  constructor(cipher: FrameCipher) {
    this.#cipher = cipher;
  }

  /**
   * Takes the next piece. Returns what its complete records carry behind `before`, which is what
   * they continue, in a buffer that is not written to before `release`; or `before` itself if no
   * record is complete.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID`, `RXMESH_PROTOCOL_VIOLATION`. Nothing can be read
   *   after that.
   */
  read(piece: Uint8Array, before: Uint8Array = nothing): Uint8Array {
    const records = Math.floor((this.#partialBytes + piece.length) / RECORD_BYTES);
    if (records === 0) {
      this.#keep(piece);
      return before;
    }
    const slot = this.#takeSlot(records, before.length);
    const start = slot === undefined ? LENGTH_BYTES : SLOT_START - before.length;
    const opened = slot?.bytes ?? new Uint8Array(start + before.length + records * PAYLOAD_BYTES);
    opened.set(before, start);
    let end = start + before.length;
    let at = 0;
    for (let nth = 0; nth < records; nth += 1) {
      const from = at;
      at += RECORD_BYTES - this.#partialBytes;
      const record = this.#complete(piece.subarray(from, at));
      end += this.#open(record, slot?.frameAt(end) ?? frameAt(opened, end));
    }
    this.#keep(piece.subarray(at));
    return opened.subarray(start, end);
  }

  /** Somebody keeps a view of what `read` has returned: its buffer is not written to again. */
  keep(): void {
    this.#slot = undefined;
  }

  /** Nobody needs what the last `read` has returned: unless kept, its buffer is used again. */
  release(): void {
    this.#isReleased = true;
    this.#slot?.giveBack();
    this.#slot = undefined;
  }

  /** Small reads get buffers of their own: what is kept of them would keep a whole slot. */
  #takeSlot(records: number, bytesBefore: number): RecordSlot | undefined {
    const fits = records >= slotRecordsMin && records <= slotRecordsMax;
    const isTaken = this.#isReleased && fits && bytesBefore <= SLOT_START - LENGTH_BYTES;
    this.#isReleased = false;
    return (this.#slot = isTaken ? RecordSlot.take() : undefined);
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
   * Opens one record into a frame. Returns how many bytes it carries. Its length is in front of
   * them for a moment, where the end of the previous record is.
   * @throws {RxmeshError} `RXMESH_PROTOCOL_VIOLATION` if there are no bytes, or too many
   */
  #open(record: Uint8Array, frame: Uint8Array): number {
    const covered = lengthOf(frame);
    if (this.#cipher.openInto === undefined) frame.set(this.#cipher.open(record));
    else this.#cipher.openInto(record, frame);
    const length = lengthOf(frame);
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
function lengthOf(frame: Uint8Array): number {
  const low = (frame[0] ?? 0) | ((frame[1] ?? 0) << 8) | ((frame[2] ?? 0) << 16);
  return low + (frame[3] ?? 0) * 0x1000000;
}

function writeLength(frame: Uint8Array, length: number): void {
  frame[0] = length & 0xff;
  frame[1] = (length >>> 8) & 0xff;
  frame[2] = (length >>> 16) & 0xff;
  frame[3] = length >>> 24;
}
