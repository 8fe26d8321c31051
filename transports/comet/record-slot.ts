/** The most bytes of the stream in one record. */
export const PAYLOAD_BYTES = 1_024;
/** In front of them, their number as a little-endian uint32. */
export const LENGTH_BYTES = 4;
/** A record's plaintext always has this length. */
const FRAME_BYTES: number = LENGTH_BYTES + PAYLOAD_BYTES;
/** A sealed record. */
export const RECORD_BYTES: number = FRAME_BYTES + 16;

/** How many records have a place in a slot. A read of a socket has 64 KiB at most. */
export const slotRecordsMax = 64;
/** Fewer records than these are not worth a slot. */
export const slotRecordsMin = 16;
/** Where the bytes of the first record begin. A part of a packet may stand in front of them. */
export const SLOT_START = 2_048;
/** How many unused slots are kept. */
const spareSlotsMax = 16;

const spareSlots: RecordSlot[] = [];

/**
 * A buffer for the plaintext of many records, which is used again: all links share the unused ones,
 * so that an idle link does not hold on to 66 KiB. The plaintext of a record that follows full ones
 * always has the same place, so its view is made once: that takes a tenth as long as sealing it.
 */
export class RecordSlot {
  readonly bytes: Uint8Array = new Uint8Array(SLOT_START + slotRecordsMax * PAYLOAD_BYTES);
  readonly #frames: Uint8Array[] = [];

  /** One that is unused, or a new one. */
  static take(): RecordSlot {
    return spareSlots.pop() ?? new RecordSlot();
  }

  /** Nobody uses its bytes any more. */
  giveBack(): void {
    if (spareSlots.length < spareSlotsMax) spareSlots.push(this);
  }

  /** The plaintext of a record behind `nth` full ones: its length, and its bytes. */
  frame(nth: number): Uint8Array {
    return (this.#frames[nth] ??= frameAt(this.bytes, SLOT_START + nth * PAYLOAD_BYTES));
  }

  /** The plaintext of a record whose bytes begin at `at`. */
  frameAt(at: number): Uint8Array {
    const nth = (at - SLOT_START) / PAYLOAD_BYTES;
    return Number.isInteger(nth) ? this.frame(nth) : frameAt(this.bytes, at);
  }
}

/** The plaintext of a record whose bytes begin at `at`. */
export function frameAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(at - LENGTH_BYTES, at + PAYLOAD_BYTES);
}

/** By buffer: the places of its records. Large frames have buffers that are used again. */
const recordsIn = new WeakMap<ArrayBufferLike, Uint8Array[]>();

/** The place of a sealed record in a frame. */
export function recordIn(sealed: Uint8Array, nth: number): Uint8Array {
  const [start, end] = [nth * RECORD_BYTES, (nth + 1) * RECORD_BYTES];
  // A small frame is a part of somebody's buffer.
  if (sealed.byteOffset > 0) return sealed.subarray(start, end);
  let records = recordsIn.get(sealed.buffer);
  if (records === undefined) recordsIn.set(sealed.buffer, (records = []));
  return (records[nth] ??= sealed.subarray(start, end));
}
