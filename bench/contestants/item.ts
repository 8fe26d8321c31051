import protobuf from 'protobufjs';

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

/** Where the number stands in an encoded item: four bytes, little-endian, behind the tag. */
const seqOffset = 1;

/** A body that makes an encoded item as long as `bytes`, from 8 up. */
export function bodyFor(bytes: number): Uint8Array {
  for (let length = bytes - 7; length >= 0; length -= 1) {
    const body = new Uint8Array(length);
    if (encode({ seq: 0, body }).length === bytes) return body;
  }
  throw new RangeError(`no item has ${bytes} bytes`);
}

/** Encodes into bytes of its own. */
export function encode(item: Item): Uint8Array {
  return Item.encode(item).finish();
}

/** Decodes to an item; its body is a view of `bytes`. */
export function decode(bytes: Uint8Array): Item {
  return Item.decode(bytes) as unknown as Item;
}

/** The number of an encoded item, read in its place, for those who do not decode. */
export function seqIn(frame: Uint8Array, from = 0): number {
  const at = from + seqOffset;
  const high = frame[at + 3] ?? 0;
  return (
    (frame[at] ?? 0) + ((frame[at + 1] ?? 0) << 8) + ((frame[at + 2] ?? 0) << 16) + high * 2 ** 24
  );
}

/** Writes the number of an encoded item in its place. */
export function setSeqIn(frame: Uint8Array, seq: number, from = 0): void {
  const at = from + seqOffset;
  frame[at] = seq;
  frame[at + 1] = seq >>> 8;
  frame[at + 2] = seq >>> 16;
  frame[at + 3] = seq >>> 24;
}
