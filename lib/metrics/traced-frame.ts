import { Reader, Writer } from 'protobufjs/minimal.js';
import { type Codec, type MessageType, protobuf } from '../index.ts';
import { writeBytes } from '../frames/frame-fields.ts';
import { type Headers, readHeader, writeHeaders } from '../frames/headers.ts';

const tags = { message: 0x0a, headers: 0x12 } as const;

/** A message, encoded, and the headers that travel with it. */
export class TracedFrame {
  message: Uint8Array;
  headers: Headers | undefined;

  constructor(message: Uint8Array, headers?: Headers) {
    this.message = message;
    this.headers = headers;
  }
}

/** The `Traced` message of docs/wire.md, written by hand: it needs no code generation. */
const frameType: MessageType<TracedFrame> = {
  encode(frame, given) {
    if (!(frame instanceof TracedFrame)) throw new TypeError('a traced frame is a TracedFrame');
    const writer = given instanceof Writer ? given : Writer.create();
    writeBytes(writer, tags.message, frame.message);
    if (frame.headers !== undefined) writeHeaders(writer, tags.headers, frame.headers);
    return writer;
  },
  decode(bytes) {
    const given: unknown = bytes;
    const reader = given instanceof Reader ? given : new Reader(bytes);
    const frame = new TracedFrame(new Uint8Array(0));
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      if (tag === tags.message) frame.message = reader.bytes();
      else if (tag === tags.headers) frame.headers = readHeader(reader, frame.headers);
      else reader.skipType(tag & 7, 0, tag >>> 3);
    }
    return frame;
  },
};

/** Encodes and decodes frames. A decoded message is a view into the received bytes. */
export const tracedFrames: Codec<TracedFrame> = protobuf(frameType);
