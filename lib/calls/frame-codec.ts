import { Reader, Writer } from 'protobufjs/minimal.js';
import { type Codec, type MessageType, protobuf } from '../index.ts';
import { writeBytes, writeFlag, writeNumber, writeText } from '../frames/frame-fields.ts';
import { readHeader, writeHeaders } from '../frames/headers.ts';
import { Frame, valuesLimit } from './frame.ts';

/**
 * Tags of the fields in docs/wire.md: the field's number in the upper bits, then 0 for a varint or
 * 2 for bytes.
 */
const tags = {
  kind: 0x08,
  call: 0x10,
  credit: 0x18,
  payload: 0x22,
  isLast: 0x28,
  method: 0x32,
  timeoutMs: 0x38,
  status: 0x40,
  reason: 0x4a,
  text: 0x52,
  version: 0x58,
  headers: 0x62,
  more: 0x6a,
} as const;

/**
 * The `Frame` message of docs/wire.md, written by hand: it needs no code generation, and fields
 * with their default cost nothing.
 */
const frameType: MessageType<Frame> = {
  encode(message, given) {
    if (!(message instanceof Frame)) throw new TypeError('a frame is a Frame');
    const writer = given instanceof Writer ? given : Writer.create();
    writeNumber(writer, tags.kind, message.kind);
    writeNumber(writer, tags.call, message.call);
    writeNumber(writer, tags.credit, message.credit);
    writeBytes(writer, tags.payload, message.payload);
    writeFlag(writer, tags.isLast, message.isLast);
    writeText(writer, tags.method, message.method);
    writeNumber(writer, tags.timeoutMs, message.timeoutMs);
    writeNumber(writer, tags.status, message.status);
    writeText(writer, tags.reason, message.reason);
    writeText(writer, tags.text, message.text);
    writeNumber(writer, tags.version, message.version);
    if (message.headers !== undefined) writeHeaders(writer, tags.headers, message.headers);
    if (message.more !== undefined) writeMore(writer, message.more);
    return writer;
  },
  decode(bytes) {
    const given: unknown = bytes;
    const reader = given instanceof Reader ? given : new Reader(bytes);
    const frame = new Frame(0, 0);
    while (reader.pos < reader.len) readField(reader, frame);
    return frame;
  },
};

/** Encodes and decodes frames. A decoded payload is a view into the received bytes. */
export const frameCodec: Codec<Frame> = protobuf(frameType);

function writeMore(writer: Writer, values: readonly Uint8Array[]): void {
  for (const value of values) writer.uint32(tags.more).bytes(value);
}

function tooManyValues(): RangeError {
  return new RangeError(`there are more than ${valuesLimit} values`);
}

function readField(reader: Reader, frame: Frame): void {
  const tag = reader.tag();
  switch (tag) {
    case tags.kind:
      frame.kind = reader.uint32();
      break;
    case tags.call:
      frame.call = reader.uint32();
      break;
    case tags.credit:
      frame.credit = reader.uint32();
      break;
    case tags.payload:
      frame.payload = reader.bytes();
      break;
    case tags.isLast:
      frame.isLast = reader.bool();
      break;
    case tags.method:
      frame.method = reader.string();
      break;
    case tags.timeoutMs:
      frame.timeoutMs = reader.uint32();
      break;
    case tags.status:
      frame.status = reader.uint32();
      break;
    case tags.reason:
      frame.reason = reader.string();
      break;
    case tags.text:
      frame.text = reader.string();
      break;
    case tags.version:
      frame.version = reader.uint32();
      break;
    case tags.headers:
      frame.headers = readHeader(reader, frame.headers);
      break;
    case tags.more:
      frame.more ??= [];
      if (frame.more.length + 1 >= valuesLimit) throw tooManyValues();
      frame.more.push(reader.bytes());
      break;
    default:
      reader.skipType(tag & 7, 0, tag >>> 3);
  }
}
