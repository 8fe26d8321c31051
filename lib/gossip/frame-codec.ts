import { Reader, Writer } from 'protobufjs/minimal.js';
import { type Codec, type MessageType, protobuf } from '../index.ts';
import {
  readLong,
  writeBytes,
  writeFlag,
  writeLong,
  writeNumber,
  writeText,
} from '../frames/frame-fields.ts';
import { Frame, topicsMax } from './frame.ts';

/**
 * Tags of the fields in docs/wire.md: the field's number in the upper bits, then 0 for a varint or
 * 2 for bytes.
 */
const tags = {
  kind: 0x08,
  topic: 0x12,
  version: 0x18,
  isAll: 0x20,
  topics: 0x2a,
  ids: 0x32,
  hops: 0x3a,
  isPull: 0x40,
  isGraft: 0x48,
  hop: 0x50,
  key: 0x5a,
  origin: 0x62,
  dateMs: 0x68,
  seq: 0x70,
  payload: 0x7a,
  signature: 0x82,
  place: 0x88,
} as const;

/** The `Frame` message of docs/wire.md, written by hand: it needs no code generation. */
const frameType: MessageType<Frame> = {
  encode(message, given) {
    if (!(message instanceof Frame)) throw new TypeError('a frame is a Frame');
    const writer = given instanceof Writer ? given : Writer.create();
    writeNumber(writer, tags.kind, message.kind);
    writeText(writer, tags.topic, message.topic);
    writeNumber(writer, tags.version, message.version);
    writeFlag(writer, tags.isAll, message.isAll);
    for (const topic of message.topics) writer.uint32(tags.topics).string(topic);
    writeBytes(writer, tags.ids, message.ids);
    writeBytes(writer, tags.hops, message.hops);
    writeFlag(writer, tags.isPull, message.isPull);
    writeFlag(writer, tags.isGraft, message.isGraft);
    writeNumber(writer, tags.hop, message.hop);
    writeBytes(writer, tags.key, message.key);
    writeText(writer, tags.origin, message.origin);
    writeLong(writer, tags.dateMs, message.dateMs);
    writeLong(writer, tags.seq, message.seq);
    writeBytes(writer, tags.payload, message.payload);
    writeBytes(writer, tags.signature, message.signature);
    writeLong(writer, tags.place, message.place);
    return writer;
  },
  decode(bytes) {
    const given: unknown = bytes;
    const reader = given instanceof Reader ? given : new Reader(bytes);
    const frame = new Frame(0);
    const topics: string[] = [];
    while (reader.pos < reader.len) readField(reader, frame, topics);
    if (topics.length > 0) frame.topics = topics;
    return frame;
  },
};

/** Encodes and decodes frames. A decoded payload is a view into the received bytes. */
export const frameCodec: Codec<Frame> = protobuf(frameType);

/** A frame, or one that was encoded before, for several peers. */
export type OutgoingFrame = Frame | Uint8Array;

/** The same for a channel, which takes both. */
export const outgoingCodec: Codec<OutgoingFrame> = {
  encode: (frame) => (frame instanceof Frame ? frameCodec.encode(frame) : frame),
  decode: (bytes) => frameCodec.decode(bytes),
};

function readField(reader: Reader, frame: Frame, topics: string[]): void {
  const tag = reader.tag();
  switch (tag) {
    case tags.kind:
      frame.kind = reader.uint32();
      break;
    case tags.topic:
      frame.topic = reader.string();
      break;
    case tags.version:
      frame.version = reader.uint32();
      break;
    case tags.isAll:
      frame.isAll = reader.bool();
      break;
    case tags.topics:
      if (topics.length >= topicsMax)
        throw new RangeError(`there are more than ${topicsMax} topics`);
      topics.push(reader.string());
      break;
    case tags.ids:
      frame.ids = reader.bytes();
      break;
    case tags.hops:
      frame.hops = reader.bytes();
      break;
    case tags.isPull:
      frame.isPull = reader.bool();
      break;
    case tags.isGraft:
      frame.isGraft = reader.bool();
      break;
    default:
      readMessageField(reader, frame, tag);
  }
}

function readMessageField(reader: Reader, frame: Frame, tag: number): void {
  switch (tag) {
    case tags.hop:
      frame.hop = reader.uint32();
      break;
    case tags.key:
      frame.key = reader.bytes();
      break;
    case tags.origin:
      frame.origin = reader.string();
      break;
    case tags.dateMs:
      frame.dateMs = readLong(reader);
      break;
    case tags.seq:
      frame.seq = readLong(reader);
      break;
    case tags.payload:
      frame.payload = reader.bytes();
      break;
    case tags.signature:
      frame.signature = reader.bytes();
      break;
    case tags.place:
      frame.place = readLong(reader);
      break;
    default:
      reader.skipType(tag & 7, 0, tag >>> 3);
  }
}
