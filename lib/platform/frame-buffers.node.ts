/** Records of at least this many bytes are sealed into buffers that are used again. */
const pooledBytesMin = 16 * 1024;
/** The largest record, with its tag. */
const slotBytes = 131_088;
/** Buffers that wait to be used again. */
const spareSlotsMax = 16;

const spareSlots: ArrayBuffer[] = [];
const lentSlots = new WeakSet<ArrayBufferLike>();

/**
 * A buffer for a frame, of which every byte will be written. Whoever is done with a large one may
 * give it back: else each is 64 KiB or more of garbage, which V8 counts against a small heap, and
 * collects that for it.
 */
export function takeFrame(length: number): Uint8Array {
  if (length < pooledBytesMin || length > slotBytes) {
    const { buffer, byteOffset } = Buffer.allocUnsafe(length);
    return new Uint8Array(buffer, byteOffset, length);
  }
  const slot = spareSlots.pop() ?? Buffer.allocUnsafeSlow(slotBytes).buffer;
  lentSlots.add(slot);
  return new Uint8Array(slot, 0, length);
}

/**
 * The frame is not used any more. Nothing happens if it is not of `takeFrame`, or was given back
 * before.
 */
export function giveFrame({ buffer }: Uint8Array): void {
  if (!lentSlots.delete(buffer) || spareSlots.length >= spareSlotsMax) return;
  spareSlots.push(buffer as ArrayBuffer);
}
