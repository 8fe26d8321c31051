import { Reader, Writer } from 'protobufjs/minimal.js';
import { type Codec, type MessageType, protobuf } from '../index.ts';
import { readLong, writeBytes, writeLong, writeNumber, writeText } from '../frames/frame-fields.ts';
import { Frame } from './frame.ts';

/**
 * Tags of the fields in docs/wire.md: the field's number in the upper bits, then 0 for a varint or
 * 2 for bytes.
 */
const tags = {
  kind: 0x08,
  seq: 0x10,
  skip: 0x18,
  payload: 0x22,
  epoch: 0x2a,
  opening: 0x30,
  window: 0x38,
  windowBytes: 0x40,
  status: 0x48,
  reason: 0x52,
  text: 0x5a,
  version: 0x60,
  dueDateMs: 0x68,
} as const;

/** The `Frame` message of docs/wire.md, written by hand: it needs no code generation. */
const frameType: MessageType<Frame> = {
  encode(message, given) {
    if (!(message instanceof Frame)) throw new TypeError('a frame is a Frame');
    const writer = given instanceof Writer ? given : Writer.create();
    writeNumber(writer, tags.kind, message.kind);
    writeLong(writer, tags.seq, message.seq);
    writeLong(writer, tags.skip, message.skip);
    writeBytes(writer, tags.payload, message.payload);
    writeBytes(writer, tags.epoch, message.epoch);
    writeNumber(writer, tags.opening, message.opening);
    writeNumber(writer, tags.window, message.window);
    writeNumber(writer, tags.windowBytes, message.windowBytes);
    writeNumber(writer, tags.status, message.status);
    writeText(writer, tags.reason, message.reason);
    writeText(writer, tags.text, message.text);
    writeNumber(writer, tags.version, message.version);
    writeLong(writer, tags.dueDateMs, message.dueDateMs);
    return writer;
  },
  decode(bytes) {
    const given: unknown = bytes;
    const reader = given instanceof Reader ? given : new Reader(bytes);
    const frame = new Frame(0);
    while (reader.pos < reader.len) readField(reader, frame);
    return frame;
  },
};

/** Encodes and decodes frames. A decoded payload is a view into the received bytes. */
export const frameCodec: Codec<Frame> = protobuf(frameType);

function readField(reader: Reader, frame: Frame): void {
  const tag = reader.tag();
  switch (tag) {
    case tags.kind:
      frame.kind = reader.uint32();
      break;
    case tags.seq:
      frame.seq = readLong(reader);
      break;
    case tags.skip:
      frame.skip = readLong(reader);
      break;
    case tags.payload:
      frame.payload = reader.bytes();
      break;
    case tags.epoch:
      frame.epoch = reader.bytes();
      break;
    case tags.opening:
      frame.opening = reader.uint32();
      break;
    case tags.window:
      frame.window = reader.uint32();
      break;
    case tags.windowBytes:
      frame.windowBytes = reader.uint32();
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
    case tags.dueDateMs:
      frame.dueDateMs = readLong(reader);
      break;
    default:
      reader.skipType(tag & 7, 0, tag >>> 3);
  }
}
