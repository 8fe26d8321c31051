/** Records of at least this many bytes are sealed into reusable buffers. */
const pooledBytesMin = 16 * 1024;
/** The largest record, including its tag. */
const slotBytes = 131_088;
/** How many unused buffers are kept. */
const spareSlotsMax = 16;

const spareSlots: ArrayBuffer[] = [];
const lentSlots = new WeakSet<ArrayBufferLike>();

/**
 * Allocates a buffer for a frame; the caller must write every byte. Large ones should be returned
 * with `giveFrame`: otherwise each becomes 64 KiB or more of garbage outside V8's heap, which makes
 * V8 collect even a small heap.
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
 * Returns a frame that is no longer used. Does nothing if it is not from `takeFrame`, or was
 * returned before.
 */
export function giveFrame({ buffer }: Uint8Array): void {
  if (!lentSlots.delete(buffer) || spareSlots.length >= spareSlotsMax) return;
  spareSlots.push(buffer as ArrayBuffer);
}
