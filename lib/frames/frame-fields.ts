import type { Reader, Writer } from 'protobufjs/minimal.js';

/** Writes a varint field, unless it has its default. `tag` is number and wire type, as encoded. */
export function writeNumber(writer: Writer, tag: number, value: number): void {
  if (value !== 0) writer.uint32(tag).uint32(value);
}

/** Writes a field of bytes, unless it has its default. */
export function writeBytes(writer: Writer, tag: number, bytes: Uint8Array): void {
  if (bytes.length > 0) writer.uint32(tag).bytes(bytes);
}

/** Writes a field of text, unless it has its default. */
export function writeText(writer: Writer, tag: number, text: string): void {
  if (text !== '') writer.uint32(tag).string(text);
}

/** Writes a flag, unless it is false. */
export function writeFlag(writer: Writer, tag: number, value: boolean): void {
  if (value) writer.uint32(tag).bool(true);
}

/** Writes a 64-bit varint field, unless it has its default. */
export function writeLong(writer: Writer, tag: number, value: number): void {
  if (value !== 0) writer.uint32(tag).uint64(value);
}

/** Depending on how the application has configured protobufjs, it reads a number or a Long. */
export function readLong(reader: Reader): number {
  const given: unknown = reader.uint64();
  const value = typeof given === 'object' ? longValue(given as Halves) : Number(given);
  if (!Number.isSafeInteger(value)) throw new RangeError('a number is above 2^53 - 1');
  return value;
}

/** The halves of a Long. Its conversion to a number goes by way of a text. */
interface Halves {
  readonly low: number;
  readonly high: number;
}

function longValue({ low, high }: Halves): number {
  return (high >>> 0) * 2 ** 32 + (low >>> 0);
}
