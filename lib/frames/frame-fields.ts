import type { Writer } from 'protobufjs/minimal.js';

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
