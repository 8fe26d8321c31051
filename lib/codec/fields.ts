import { Reader } from 'protobufjs/minimal.js';

/** The wire type of whole numbers. */
export const VARINT = 0;
/** The wire type of doubles. */
export const FIXED_64 = 1;
/** The wire type of strings and messages. */
export const DELIMITED = 2;
const FIXED_32 = 5;

/** The key of a field: its number and its wire type. */
export function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}

/** Skips an unknown field. Fields 1 to `known` only get here if their wire type is wrong. */
export function skipUnknown(reader: Reader, read: number, known: number): void {
  const [field, wireType] = [read >>> 3, read & 7];
  if (field <= known) throw new RangeError(`field ${field} has the wire type ${wireType}`);
  if (wireType === VARINT) varint(reader);
  else if (wireType === DELIMITED) nested(reader);
  else if (wireType === FIXED_64 || wireType === FIXED_32) reader.skipType(wireType);
  // This includes groups, which proto3 does not have.
  else throw new RangeError(`wire type ${wireType}`);
}

/** Reads the key of the next field: see `tag`. */
export function readTag(reader: Reader): number {
  return uint32(varint(reader));
}

function uint32(value: number): number {
  if (value > 0xffff_ffff) throw new RangeError('a field number or length above 2^32 - 1');
  return value;
}

/** Reads a message within a message. */
export function nested(reader: Reader): Reader {
  checkLength(reader);
  return new Reader(reader.bytes());
}

/** Reads a string; it must be valid UTF-8. */
export function readText(reader: Reader): string {
  checkLength(reader);
  return reader.stringVerify();
}

/** Checks the length that comes next without consuming it. */
function checkLength(reader: Reader): void {
  const from = reader.pos;
  uint32(varint(reader));
  reader.pos = from;
}

/** Reads a uint64 that fits exactly in a JavaScript number. */
export function readCount(reader: Reader): number {
  const value = varint(reader);
  if (!Number.isSafeInteger(value)) throw new RangeError('a number above 2^53');
  return value;
}

/** Reads a varint and requires its shortest form: the last of several bytes is not zero. */
function varint(reader: Reader): number {
  const from = reader.pos;
  // Depending on how the application has configured protobufjs, this is a Long or a number.
  const value = Number(reader.uint64());
  if (reader.pos > from + 1 && reader.buf[reader.pos - 1] === 0) {
    throw new RangeError('a varint that is too long');
  }
  return value;
}
