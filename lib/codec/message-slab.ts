import { asBytes } from '../model/bytes.ts';
import type { MessageType, MessageWriter } from './message-type.ts';

/** Bytes that a slab has for messages; what waits of them keeps all of it, so it is small. */
export const slabBytes: number = 8 * 1024;
/** A message that is longer than this share of a slab gets a buffer of its own. */
const longBytesMin = slabBytes / 4;
/** No buffer is made larger in the expectation that the next message is as long as the last one. */
const expectedBytesMax = 1024 * 1024;
/**
 * Room beside the expected bytes, so that a message that is a little longer needs no second buffer.
 */
const spareBytes = 64;

/** A writer of protobufjs 8: it writes straight into a buffer, at a place that one may choose. */
export interface PlaceWriter extends MessageWriter {
  string(text: string): unknown;
  pos: number;
  buf: Uint8Array;
  view: DataView | null;
  readonly constructor: { alloc(size: number): Uint8Array; readonly prototype: PlaceWriter };
}

/** What the buffers of a writer are, if they are Node's. */
interface NodeBuffers {
  allocUnsafeSlow?(size: number): Uint8Array;
}

/**
 * A buffer as the writer makes them, with memory of its own. Node cuts small ones from a pool,
 * whose size differs from version to version, and a waiting message would keep all of it. The pool
 * of protobufjs, in browsers, is no larger than a slab.
 */
function allocate(writer: PlaceWriter, bytes: number): Uint8Array {
  const buffers = writer.buf.constructor as NodeBuffers;
  return buffers.allocUnsafeSlow?.(bytes) ?? writer.constructor.alloc(bytes);
}

/** Whether the writer is one of protobufjs 8; those of older versions collect operations first. */
export function hasPlace(writer: MessageWriter): writer is PlaceWriter {
  const { pos, buf, constructor } = writer as Partial<PlaceWriter>;
  return (
    typeof pos === 'number' &&
    asBytes(buf) !== undefined &&
    typeof constructor?.alloc === 'function'
  );
}

/** One for each class of writers. */
const slabs = new WeakMap<PlaceWriter['constructor'], MessageSlab>();

/**
 * Encodes message after message into slabs of 8 KiB, and gives views of them, which are never
 * written to again: one allocation for many messages, and no copy. (`Writer.finish` makes a buffer
 * for each, and copies.) All types share it: what is sent on a thousand channels lies side by side.
 */
export class MessageSlab {
  /**
   * Taken away while in use: one that a throw left half written, or that a getter re-entered, is
   * not used.
   */
  #writer: PlaceWriter | undefined;
  #slab: Uint8Array;
  /** What the slab is a view of; looked up once, since that is dear. */
  #memory: ArrayBufferLike;
  #memoryOffset: number;
  /** Where the slab is free. */
  #free: number;

  private constructor(writer: PlaceWriter) {
    this.#slab = writer.buf;
    this.#memory = this.#slab.buffer;
    this.#memoryOffset = this.#slab.byteOffset;
    // What this writer has written lies there.
    this.#free = this.#slab.length;
  }

  /**
   * The slab for the writers of one class: each copy of protobufjs has its own. `writer` is used
   * from now on.
   */
  static of(writer: PlaceWriter): MessageSlab {
    let slab = slabs.get(writer.constructor);
    if (slab === undefined) {
      slab = new MessageSlab(writer);
      slabs.set(writer.constructor, slab);
    }
    setBuffer(writer, slab.#slab);
    writer.string = wellFormedString;
    slab.#writer = writer;
    return slab;
  }

  /**
   * The encoded message; undefined when there is no writer: it is in use, or a throw has left it
   * half written. Throws what the type does.
   * @param expectedBytes the message's length, by a guess
   */
  encode(type: MessageType, message: object, expectedBytes: number): Uint8Array | undefined {
    const writer = this.#writer;
    if (writer === undefined) return undefined;
    this.#writer = undefined;
    const isLong = expectedBytes > longBytesMin && expectedBytes <= expectedBytesMax;
    const bytes = isLong
      ? encodeAlone(writer, type, message, expectedBytes)
      : this.#append(writer, type, message, expectedBytes);
    // A buffer of its own belongs to the message alone.
    if (writer.buf !== this.#slab) setBuffer(writer, this.#slab);
    this.#writer = writer;
    return bytes;
  }

  #append(
    writer: PlaceWriter,
    type: MessageType,
    message: object,
    expectedBytes: number,
  ): Uint8Array {
    if (this.#slab.length - this.#free < expectedBytes + spareBytes) this.#renew(writer);
    const slab = this.#slab;
    const start = this.#free;
    writer.pos = start;
    // What a getter of the message encodes needs a slab of its own.
    this.#free = slab.length;
    const written = type.encode(message, writer);
    if (written !== writer) {
      // A type that has a writer of its own.
      if (this.#slab === slab) this.#free = start;
      return written.finish();
    }
    if (this.#slab !== slab) return ownBytes(writer, start);
    if (writer.buf !== slab) {
      // A short message has come too near to the end of the slab; a long one leaves it as it was.
      if (writer.pos - start > longBytesMin) this.#free = start;
      return ownBytes(writer, start);
    }
    this.#free = writer.pos;
    return new Uint8Array(
      this.#memory as ArrayBuffer,
      this.#memoryOffset + start,
      writer.pos - start,
    );
  }

  #renew(writer: PlaceWriter): void {
    this.#slab = allocate(writer, slabBytes);
    this.#memory = this.#slab.buffer;
    this.#memoryOffset = this.#slab.byteOffset;
    this.#free = 0;
    setBuffer(writer, this.#slab);
  }
}

function encodeAlone(
  writer: PlaceWriter,
  type: MessageType,
  message: object,
  expectedBytes: number,
): Uint8Array {
  setBuffer(writer, allocate(writer, expectedBytes + spareBytes));
  writer.pos = 0;
  const written = type.encode(message, writer);
  return written === writer ? ownBytes(writer, 0) : written.finish();
}

/** What was written from `start` on; a copy, if it would keep much more memory than it needs. */
function ownBytes({ buf, pos }: PlaceWriter, start: number): Uint8Array {
  const length = pos - start;
  const { byteLength } = buf.buffer;
  const isWaste = byteLength > slabBytes && length * 2 < byteLength;
  if (isWaste) return new Uint8Array(buf.subarray(start, pos));
  return new Uint8Array(buf.buffer as ArrayBuffer, buf.byteOffset + start, length);
}

/**
 * `string` of a writer, for text that UTF-8 can write. protobufjs writes half a surrogate pair as
 * three bytes that no receiver takes: protobuf's strings are UTF-8 (Language Guide, "Scalar Value
 * Types").
 */
function wellFormedString(this: PlaceWriter, text: string): unknown {
  if (!isWellFormed(text)) {
    throw new TypeError('a text has half a surrogate pair, which is no character');
  }
  return this.constructor.prototype.string.call(this, text);
}

/** `String.prototype.isWellFormed` (ES2024) where it is, which is several times faster. */
function isWellFormed(text: string & { isWellFormed?(): boolean }): boolean {
  return text.isWellFormed?.() ?? !/\p{Surrogate}/u.test(text);
}

function setBuffer(writer: PlaceWriter, buffer: Uint8Array): void {
  writer.buf = buffer;
  writer.view = null;
}
