import type { MessageType, MessageWriter } from './message-type.ts';

/** Bytes that a slab has for messages; what waits of them keeps all of it, so it is small. */
const slabBytes = 8 * 1024;
/** A message that is longer than this share of a slab gets a buffer of its own. */
const longBytesMin = slabBytes / 4;
/** No buffer is made larger in the expectation that the next message is as long as the last one. */
const expectedBytesMax = 1024 * 1024;
/** Room beside the expected bytes, so that a message that is a little longer needs no second buffer. */
const spareBytes = 64;

/** A writer of protobufjs 8: it writes straight into a buffer, at a place that one may choose. */
interface PlaceWriter extends MessageWriter {
  pos: number;
  buf: Uint8Array;
  view: DataView | null;
  readonly constructor: { alloc(size: number): Uint8Array };
}

/**
 * Encodes message after message into slabs of 8 KiB, and gives views of them, which are never written to
 * again: one allocation for many messages, and no copy. (`Writer.finish` makes a buffer for each, and copies.)
 */
export class MessageSlab {
  readonly #type: MessageType;
  /** Taken away while in use: one that a throw left half written, or that a getter re-entered, is not used. */
  #writer: PlaceWriter | undefined;
  /** The same, of another version of protobufjs. */
  #otherWriter: MessageWriter | undefined;
  /** The writer's buffer, and the memory that it is a view of, whose look-up is dear. */
  #slab: Uint8Array | undefined;
  #memory: ArrayBufferLike | undefined;
  #memoryOffset = 0;
  #expectedBytes = 0;

  constructor(type: MessageType) {
    this.#type = type;
  }

  /** The encoded message; throws what the type does. */
  encode(message: object): Uint8Array {
    const writer = this.#writer;
    if (writer === undefined) return this.#encodeAlone(message);
    this.#writer = undefined;
    return this.#append(writer, message);
  }

  #encodeAlone(message: object): Uint8Array {
    const spare = this.#otherWriter;
    this.#otherWriter = undefined;
    spare?.reset();
    const writer = this.#type.encode(message, spare);
    const bytes = writer.finish();
    if (hasPlace(writer)) this.#writer = writer;
    else if (bytes.length <= slabBytes) this.#otherWriter = writer;
    return bytes;
  }

  #append(spare: PlaceWriter, message: object): Uint8Array {
    if (spare.buf.length - spare.pos < this.#expectedBytes + spareBytes) this.#renew(spare);
    const start = spare.pos;
    const writer = this.#type.encode(message, spare) as PlaceWriter;
    const { buf, pos } = writer;
    const length = pos - start;
    if (buf !== this.#slab || this.#memory === undefined) this.#noteSlab(buf);
    this.#expectedBytes = length;
    if (buf.length <= expectedBytesMax + 2 * spareBytes) this.#writer = writer;
    // A short message would keep a buffer that was made for a long one.
    if (buf.length > slabBytes && length * 2 < buf.length) {
      writer.pos = start;
      return new Uint8Array(buf.subarray(start, pos));
    }
    return new Uint8Array(this.#memory as ArrayBufferLike, this.#memoryOffset + start, length);
  }

  #noteSlab(slab: Uint8Array): void {
    this.#slab = slab;
    this.#memory = slab.buffer;
    this.#memoryOffset = slab.byteOffset;
  }

  #renew(writer: PlaceWriter): void {
    const expected = this.#expectedBytes;
    const isLong = expected > longBytesMin && expected <= expectedBytesMax;
    writer.buf = writer.constructor.alloc(isLong ? expected + spareBytes : slabBytes);
    writer.view = null;
    writer.pos = 0;
  }
}

/** Whether the writer is one of protobufjs 8; those of older versions collect operations first. */
function hasPlace(writer: MessageWriter): writer is PlaceWriter {
  const { pos, buf, constructor } = writer as Partial<PlaceWriter>;
  return (
    typeof pos === 'number' && buf instanceof Uint8Array && typeof constructor?.alloc === 'function'
  );
}
