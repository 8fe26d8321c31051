import { util } from 'protobufjs/minimal.js';
import type { Frame } from './frame.ts';

/** The name of the protocol, in what is hashed and in what is signed. */
export const protocol = 'rxmesh gossip 1';
/** The longest varint of a number. */
const varintBytesMax = 8;
/** How many bytes of UTF-8 a UTF-16 code unit takes at most. */
const utf8BytesPerUnit = 3;
/** How many fields a message has in what is hashed, besides the name of the protocol. */
const fieldsMax = 7;

/** Where preimages of up to 4 KiB are written: a buffer for each would take as long as its hash. */
const scratch = new Uint8Array(4_096);

/**
 * What the hash of a message is of: everything that its origin says, each field as protobuf writes
 * it, with its length, so that no two messages have the same bytes. Written by hand, since it is
 * needed for each copy of a message, and a `Writer` takes four times as long.
 *
 * @returns bytes that the next call overwrites
 */
export function preimageOf(frame: Frame, channel: number): Uint8Array {
  const { topic, key, origin, dateMs, seq, payload } = frame;
  const textBytesMax = utf8BytesPerUnit * (topic.length + origin.length);
  const room = start.length + fieldsMax * varintBytesMax + textBytesMax + key.length;
  const bytesMax = room + payload.length;
  const bytes = bytesMax <= scratch.length ? scratch : new Uint8Array(bytesMax);
  bytes.set(start);
  let at = writeVarint(bytes, start.length, channel);
  at = writeText(bytes, at, topic);
  at = writeBytes(bytes, at, key);
  at = writeText(bytes, at, origin);
  at = writeVarint(bytes, at, dateMs);
  at = writeVarint(bytes, at, seq);
  return bytes.subarray(0, writeBytes(bytes, at, payload));
}

const start: Uint8Array = startBytes();

function startBytes(): Uint8Array {
  const bytes = new Uint8Array(1 + protocol.length);
  writeText(bytes, 0, protocol);
  return bytes;
}

function writeVarint(into: Uint8Array, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) into[end++] = (rest % 0x80) | 0x80;
  into[end++] = rest;
  return end;
}

function writeBytes(into: Uint8Array, at: number, bytes: Uint8Array): number {
  const begin = writeVarint(into, at, bytes.length);
  into.set(bytes, begin);
  return begin + bytes.length;
}

function writeText(into: Uint8Array, at: number, text: string): number {
  const begin = writeVarint(into, at, util.utf8.length(text));
  return begin + util.utf8.write(text, into, begin);
}
