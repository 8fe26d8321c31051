import { asBytes } from '../model/bytes.ts';
import type { MessageType, MessageWriter } from './message-type.ts';

/** The size of a slab. Small, because a single waiting message keeps all of it alive. */
export const slabBytes: number = 8 * 1024;
/** A message that is expected to be longer than this gets its own buffer. */
const longBytesMin = slabBytes / 4;
/** The most that is allocated on the guess that a message is as long as the previous one. */
const expectedBytesMax = 1024 * 1024;
/** Extra room, so that a message slightly longer than expected needs no second buffer. */
const spareBytes = 64;

/** A writer of protobufjs 8, which writes directly into a buffer, at a position that can be set. */
export interface PlaceWriter extends MessageWriter {
  string(text: string): unknown;
  pos: number;
  buf: Uint8Array;
  view: DataView | null;
  readonly constructor: { alloc(size: number): Uint8Array; readonly prototype: PlaceWriter };
}

/** The constructor of a writer's buffers, which in Node is `Buffer`. */
interface NodeBuffers {
  allocUnsafeSlow?(size: number): Uint8Array;
}

/**
 * Allocates a buffer of the kind that the writer uses, with its own memory. Node takes small
 * buffers from a pool, whose size varies between versions, and a waiting message would keep all of
 * it alive. In browsers, the pool of protobufjs is no larger than a slab.
 */
function allocate(writer: PlaceWriter, bytes: number): Uint8Array {
  const buffers = writer.buf.constructor as NodeBuffers;
  return buffers.allocUnsafeSlow?.(bytes) ?? writer.constructor.alloc(bytes);
}

/** Whether the writer is one of protobufjs 8. Those of older versions collect operations first. */
export function hasPlace(writer: MessageWriter): writer is PlaceWriter {
  const { pos, buf, constructor } = writer as Partial<PlaceWriter>;
  return (
    typeof pos === 'number' &&
    asBytes(buf) !== undefined &&
    typeof constructor?.alloc === 'function'
  );
}

/** One slab for each writer class. */
const slabs = new WeakMap<PlaceWriter['constructor'], MessageSlab>();

/**
 * Encodes messages one after another into slabs of 8 KiB, and returns views into them that are
 * never written to again: one allocation for many messages, and no copy. (`Writer.finish` allocates
 * a buffer for each message, and copies.) All types share it, so that what is sent on a thousand
 * channels lies next to each other.
 */
export class MessageSlab {
  /**
   * Unset while in use, so that a writer is not used again after a throw left it half written, or
   * when a getter re-enters.
   */
  #writer: PlaceWriter | undefined;
  #slab: Uint8Array;
  /** The memory of the slab. Looked up once, since the lookup is expensive. */
  #memory: ArrayBufferLike;
  #memoryOffset: number;
  /** Where the free part of the slab starts. */
  #free: number;

  private constructor(writer: PlaceWriter) {
    this.#slab = writer.buf;
    this.#memory = this.#slab.buffer;
    this.#memoryOffset = this.#slab.byteOffset;
    // Counts as full: the writer has already written to it.
    this.#free = this.#slab.length;
  }

  /**
   * Returns the slab for the class of `writer`, and makes it use `writer` from now on. Each copy of
   * protobufjs has its own class.
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
   * Encodes a message. Returns undefined if there is no writer: it is in use, or a throw left it
   * half written. Throws what the type throws.
   * @param expectedBytes a guess of the length of the message
   */
  encode(type: MessageType, message: object, expectedBytes: number): Uint8Array | undefined {
    const writer = this.#writer;
    if (writer === undefined) return undefined;
    this.#writer = undefined;
    const bytes =
      expectedBytes > longBytesMin && expectedBytes <= expectedBytesMax
        ? encodeAlone(writer, type, message, expectedBytes)
        : this.#append(writer, type, message, expectedBytes);
    // A message that got its own buffer keeps it.
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
    // If a getter of the message encodes another one, that needs a new slab.
    this.#free = slab.length;
    const written = type.encode(message, writer);
    if (written !== writer || writer.buf !== slab || this.#slab !== slab) {
      return this.#elsewhere(writer, written, slab, start);
    }
    const { pos } = writer;
    this.#free = pos;
    return new Uint8Array(this.#memory as ArrayBuffer, this.#memoryOffset + start, pos - start);
  }

  /** The bytes of a message that is not, or not only, in the slab that it was begun in. */
  #elsewhere(
    writer: PlaceWriter,
    written: MessageWriter,
    slab: Uint8Array,
    start: number,
  ): Uint8Array {
    const isCurrent = this.#slab === slab;
    if (written !== writer) {
      // The type used its own writer.
      if (isCurrent) this.#free = start;
      return written.finish();
    }
    // A short message ran over the end of the slab. A long one leaves the slab free for the next.
    if (isCurrent && writer.pos - start > longBytesMin) this.#free = start;
    return ownBytes(writer, start);
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

/**
 * What was written from `start` on. A copy if it would keep much more memory than it needs alive.
 */
function ownBytes({ buf, pos }: PlaceWriter, start: number): Uint8Array {
  const length = pos - start;
  const { byteLength } = buf.buffer;
  const isWaste = byteLength > slabBytes && length * 2 < byteLength;
  if (isWaste) return new Uint8Array(buf.subarray(start, pos));
  return new Uint8Array(buf.buffer as ArrayBuffer, buf.byteOffset + start, length);
}

/**
 * A `string` method for writers that refuses text that UTF-8 cannot represent. protobufjs writes
 * half a surrogate pair as three bytes that no receiver accepts: strings in protobuf are UTF-8
 * (Language Guide, "Scalar Value Types").
 */
function wellFormedString(this: PlaceWriter, text: string): unknown {
  if (!isWellFormed(text)) {
    throw new TypeError('a text has half a surrogate pair, which is not a character');
  }
  return this.constructor.prototype.string.call(this, text);
}

/** Uses `String.prototype.isWellFormed` (ES2024) where available, which is several times faster. */
function isWellFormed(text: string & { isWellFormed?(): boolean }): boolean {
  return text.isWellFormed?.() ?? !/\p{Surrogate}/u.test(text);
}

function setBuffer(writer: PlaceWriter, buffer: Uint8Array): void {
  writer.buf = buffer;
  writer.view = null;
}
