import protobuf from 'protobufjs';
import type { FrameSource } from './frames.ts';

/** The message that every contestant carries. */
export interface Item {
  seq: number;
  body: Uint8Array;
}

/** The one codec of all contestants: protobufjs, reflected. */
export const Item: protobuf.Type = new protobuf.Type('Item')
  .add(new protobuf.Field('seq', 1, 'fixed32'))
  .add(new protobuf.Field('body', 2, 'bytes'));
new protobuf.Root().add(Item);

/** Encodes into bytes of its own. */
export function encode(item: Item): Uint8Array {
  return Item.encode(item).finish();
}

/** The same, behind its length as a varint. */
export function encodeFrame(item: Item): Uint8Array {
  return Item.encodeDelimited(item).finish();
}

/** Its body is a view of `bytes`. */
export function decode(bytes: Uint8Array): Item {
  return Item.decode(bytes) as unknown as Item;
}

/**
 * A body that makes an encoded item as long as `bytes`.
 * @throws {RangeError} none does
 */
export function bodyFor(bytes: number): Uint8Array {
  // Besides the body there are two tags, the number, and the length of the body in up to five
  // bytes.
  for (let length = Math.max(bytes - 11, 0); length < bytes; length += 1) {
    const body = new Uint8Array(length);
    if (encode({ seq: 0, body }).length === bytes) return body;
  }
  throw new RangeError(`no item has ${bytes} bytes`);
}

/**
 * An item that was encoded before, as a frame behind its length, for those who do not encode: only
 * its number is written for each message.
 */
export class Template implements FrameSource {
  readonly frame: Uint8Array;
  /** Where the item begins, behind its length. */
  readonly #prefixBytes: number;

  /** @param bytes length of the item */
  constructor(bytes: number) {
    this.frame = encodeFrame({ seq: 0, body: bodyFor(bytes) });
    this.#prefixBytes = this.frame.length - bytes;
  }

  begin(): number {
    return this.frame.length;
  }

  /** The item alone, with this number, in bytes of its own. */
  item(seq: number): Uint8Array {
    const item = Buffer.from(this.frame.subarray(this.#prefixBytes));
    item.writeUInt32LE(seq, seqOffset);
    return item;
  }

  /** Writes the frame, with this number, at `at`. */
  write(seq: number, into: Buffer, at: number): void {
    into.set(this.frame, at);
    into.writeUInt32LE(seq, at + this.#prefixBytes + seqOffset);
  }
}

/** Where the number stands in an encoded item: four bytes, the lowest first, behind the tag. */
const seqOffset = 1;

/** The number of an encoded item that begins at `start`, read in its place. */
export function seqIn(bytes: Uint8Array, start = 0): number {
  const at = start + seqOffset;
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return low + (bytes[at + 3] ?? 0) * 0x1000000;
}
