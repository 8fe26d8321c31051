import { util } from 'protobufjs/minimal.js';
import type { ByeReason } from '../transport/link.ts';
import {
  BYE_REASONS,
  BYE_TEXT_BYTES_MAX,
  CHANNEL_MAX,
  CREDIT_MAX,
  MESSAGE_LIMIT_MAX,
  PACKET,
  PONG_TIME_MAX,
} from './packets.ts';

/** Receives the packets of a record: one call per packet, in order. */
export interface PacketHandler {
  /** `bytes` is a view of the record. */
  data(channel: number, bytes: Uint8Array, last: boolean): void;
  credit(channel: number, messages: number, bytes: number): void;
  messageLimit(channel: number, bytes: number): void;
  channelClosed(channel: number): void;
  accept(): void;
  ping(): void;
  pong(readAtMs: number): void;
  bye(reason: ByeReason, text: string): void;
  /** Checked before each packet: whether to ignore the rest of the record. */
  readonly stopped: boolean;
}

/**
 * Passes the packets of a record to `handler` until it stops or the record ends.
 *
 * @returns a description of what violates the format (docs/wire.md, "Packets"), or undefined.
 *   Packets before the violation have been passed on.
 */
export function parsePackets(record: Uint8Array, handler: PacketHandler): string | undefined {
  if (record.length === 0) return 'a record without packets';
  const cursor = new Cursor(record);
  while (cursor.at < record.length && !handler.stopped) {
    const wrong = parsePacket(cursor, handler);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function parsePacket(cursor: Cursor, handler: PacketHandler): string | undefined {
  const type = cursor.byte();
  switch (type) {
    case PACKET.dataMore:
    case PACKET.dataLast:
      return parseData(cursor, handler, type === PACKET.dataLast);
    case PACKET.credit:
      return parseCredit(cursor, handler);
    case PACKET.messageLimit:
      return parseMessageLimit(cursor, handler);
    case PACKET.channelClosed: {
      const channel = cursor.varint(CHANNEL_MAX);
      if (channel < 0) return 'a closed channel without a valid ID';
      handler.channelClosed(channel);
      return undefined;
    }
    case PACKET.accept:
      handler.accept();
      return undefined;
    case PACKET.ping:
      handler.ping();
      return undefined;
    case PACKET.pong: {
      const us = cursor.varint(PONG_TIME_MAX);
      if (us < 0) return 'a pong without a valid time';
      handler.pong(us / 1_000);
      return undefined;
    }
    case PACKET.bye:
      return parseBye(cursor, handler);
    default:
      return `a packet of unknown type ${type}`;
  }
}

function parseData(cursor: Cursor, handler: PacketHandler, last: boolean): string | undefined {
  const channel = cursor.varint(CHANNEL_MAX);
  if (channel < 0) return 'data without a valid channel';
  const length = cursor.varint(cursor.length);
  if (length < 0 || length > cursor.left) return 'data that extends beyond its record';
  if (length === 0 && !last) return 'an empty piece that is not the last of its message';
  handler.data(channel, cursor.view(length), last);
  return undefined;
}

function parseCredit(cursor: Cursor, handler: PacketHandler): string | undefined {
  const channel = cursor.varint(CHANNEL_MAX);
  if (channel < 0) return 'credit without a valid channel';
  const messages = cursor.varint(CREDIT_MAX);
  if (messages < 0) return 'credit without a valid number of messages';
  const bytes = cursor.varint(CREDIT_MAX);
  if (bytes < 0) return 'credit without a valid number of bytes';
  handler.credit(channel, messages, bytes);
  return undefined;
}

function parseMessageLimit(cursor: Cursor, handler: PacketHandler): string | undefined {
  const channel = cursor.varint(CHANNEL_MAX);
  if (channel < 0) return 'a message limit without a valid channel';
  const bytes = cursor.varint(MESSAGE_LIMIT_MAX);
  if (bytes < 1) return 'a message limit without a valid number of bytes';
  handler.messageLimit(channel, bytes);
  return undefined;
}

function parseBye(cursor: Cursor, handler: PacketHandler): string | undefined {
  const reason = BYE_REASONS[cursor.byte()];
  if (reason === undefined) return 'a bye without a valid reason';
  const length = cursor.varint(BYE_TEXT_BYTES_MAX);
  if (length < 0 || length > cursor.left) return 'a bye without a valid text';
  const text = cursor.utf8(length);
  if (text === undefined) return 'a bye whose text is not UTF-8';
  handler.bye(reason, text);
  return undefined;
}

/** A read position within a record. Reading past the end gives -1. */
class Cursor {
  readonly #bytes: Uint8Array;
  /** The buffer of which the record is a view. Cached, since looking it up is expensive. */
  readonly #memory: ArrayBufferLike;
  readonly #memoryOffset: number;
  readonly length: number;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#memory = bytes.buffer;
    this.#memoryOffset = bytes.byteOffset;
    this.length = bytes.length;
  }

  get left(): number {
    return this.length - this.at;
  }

  byte(): number {
    return this.at < this.length ? (this.#bytes[this.at++] ?? -1) : -1;
  }

  /** Reads an unsigned varint; -1 if it is truncated, above `max`, or not in its shortest form. */
  varint(max: number): number {
    const first = this.byte();
    if (first < 0x80) return first <= max ? first : -1;
    let value = first & 0x7f;
    // Multiplied, not shifted: the fifth byte exceeds the 31 bits that can be shifted safely.
    for (let scale = 0x80; scale <= max; scale *= 0x80) {
      const byte = this.byte();
      if (byte <= 0) return -1;
      value += (byte & 0x7f) * scale;
      if (value > max) return -1;
      if (byte < 0x80) return value;
    }
    return -1;
  }

  /**
   * The next `length` bytes, without a copy. Always a plain `Uint8Array`, even if the record is
   * not.
   */
  view(length: number): Uint8Array {
    const start = this.#memoryOffset + this.at;
    this.at += length;
    return new Uint8Array(this.#memory, start, length);
  }

  /** The next `length` bytes as text; undefined if they are not valid UTF-8. */
  utf8(length: number): string | undefined {
    const start = this.at;
    this.at += length;
    try {
      return util.utf8.readStrict(this.#bytes, start, this.at);
    } catch {
      return undefined;
    }
  }
}
