import protobuf from 'protobufjs';
import type { FrameSource } from './frames.ts';

/** The message that every contestant carries. */
export interface Item {
  seq: number;
  body: Uint8Array;
}

/** The message type that all contestants use: protobufjs, by reflection. */
export const Item: protobuf.Type = new protobuf.Type('Item')
  .add(new protobuf.Field('seq', 1, 'fixed32'))
  .add(new protobuf.Field('body', 2, 'bytes'));
new protobuf.Root().add(Item);

/** Encodes an item into a new array. */
export function encode(item: Item): Uint8Array {
  return Item.encode(item).finish();
}

/** The same, with its length as a varint prefix. */
export function encodeFrame(item: Item): Uint8Array {
  return Item.encodeDelimited(item).finish();
}

/** Decodes an item. Its body is a view of `bytes`. */
export function decode(bytes: Uint8Array): Item {
  return Item.decode(bytes) as unknown as Item;
}

/**
 * A body with which an encoded item is exactly `bytes` long.
 *
 * @throws {RangeError} if there is none
 */
export function bodyFor(bytes: number): Uint8Array {
  // An item also contains two tags, the number, and the body's length in up to five bytes.
  for (let length = Math.max(bytes - 11, 0); length < bytes; length += 1) {
    const body = new Uint8Array(length);
    if (encode({ seq: 0, body }).length === bytes) return body;
  }
  throw new RangeError(`no item has ${bytes} bytes`);
}

/**
 * A pre-encoded item with its length prefix, for contestants that do not encode. Only the number is
 * written for each message.
 */
export class Template implements FrameSource {
  readonly frame: Uint8Array;
  /** Length of the prefix, which the item follows. */
  readonly #prefixBytes: number;

  /** @param bytes length of the item */
  constructor(bytes: number) {
    this.frame = encodeFrame({ seq: 0, body: bodyFor(bytes) });
    this.#prefixBytes = this.frame.length - bytes;
  }

  begin(): number {
    return this.frame.length;
  }

  /** A copy of the item with this number, without the prefix. */
  item(seq: number): Uint8Array {
    const item = Buffer.from(this.frame.subarray(this.#prefixBytes));
    item.writeUInt32LE(seq, seqOffset);
    return item;
  }

  /** Writes the frame with this number at `at`. */
  write(seq: number, into: Buffer, at: number): void {
    into.set(this.frame, at);
    into.writeUInt32LE(seq, at + this.#prefixBytes + seqOffset);
  }
}

/** Offset of the number in an encoded item: four bytes, little-endian, after the tag. */
const seqOffset = 1;

/** The number of the encoded item that begins at `start`, without decoding it. */
export function seqIn(bytes: Uint8Array, start = 0): number {
  const at = start + seqOffset;
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return low + (bytes[at + 3] ?? 0) * 0x1000000;
}
