import protobuf from 'protobufjs/minimal.js';
import type { ByeReason } from '../transport/link.ts';
import {
  BYE_REASONS,
  BYE_TEXT_BYTES_MAX,
  CREDIT_MAX,
  DATA_HEADER_BYTES_MAX,
  PACKET,
  RECORD_BYTES_MAX,
} from './packets.ts';
import type { RecordCipher } from './records.ts';

/**
 * Pieces of a larger buffer below this are copied byte by byte: measured on V8, that costs less than
 * the view that `set` needs of them.
 */
const BYTEWISE_BYTES_MAX = 24;

/**
 * Buffers that wait for the next batch, shared by all links: a link that has nothing to say holds
 * none of these 64 KiB.
 */
const spareBuffers: Uint8Array[] = [];
const SPARE_BUFFERS_MAX = 16;

/**
 * The packets of the next record, written back to back as they come. It never grows: who writes
 * asks for `room` (of data) or `free` (of anything else) first.
 */
export class PacketBatch {
  #bytes: Uint8Array | undefined;
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that may still be written. */
  get free(): number {
    return RECORD_BYTES_MAX - this.#length;
  }

  /** Payload bytes that still fit as one `data` packet. */
  get room(): number {
    return Math.max(0, RECORD_BYTES_MAX - DATA_HEADER_BYTES_MAX - this.#length);
  }

  /** `bytes[start, end)` as one packet; needs as much `room`. */
  data(channel: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const batch = this.#buffer();
    let at = this.#length;
    batch[at++] = last ? PACKET.dataLast : PACKET.dataMore;
    at = writeVarint(batch, at, channel);
    at = writeVarint(batch, at, end - start);
    this.#length = at + (end - start);
    if (end - start === bytes.length) {
      batch.set(bytes, at);
    } else if (end - start >= BYTEWISE_BYTES_MAX) {
      batch.set(bytes.subarray(start, end), at);
    } else {
      for (let from = start; from < end; from++) batch[at++] = bytes[from] ?? 0;
    }
  }

  /** More than 2^31 - 1 of either is told as that: only to a peer that spends credit before it has it. */
  credit(channel: number, messages: number, bytes: number): void {
    const batch = this.#buffer();
    batch[this.#length] = PACKET.credit;
    const at = writeVarint(batch, this.#length + 1, channel);
    const next = writeVarint(batch, at, Math.min(messages, CREDIT_MAX));
    this.#length = writeVarint(batch, next, Math.min(bytes, CREDIT_MAX));
  }

  channelClosed(channel: number): void {
    const batch = this.#buffer();
    batch[this.#length] = PACKET.channelClosed;
    this.#length = writeVarint(batch, this.#length + 1, channel);
  }

  accept(): void {
    this.#buffer()[this.#length++] = PACKET.accept;
  }

  ping(): void {
    this.#buffer()[this.#length++] = PACKET.ping;
  }

  pong(): void {
    this.#buffer()[this.#length++] = PACKET.pong;
  }

  /** A longer text is cut at 256 bytes of UTF-8, between two characters. */
  bye(reason: ByeReason, text: string): void {
    const batch = this.#buffer();
    const told = cutUtf8(text, BYE_TEXT_BYTES_MAX);
    batch[this.#length++] = PACKET.bye;
    batch[this.#length++] = BYE_REASONS.indexOf(reason);
    this.#length = writeVarint(batch, this.#length, protobuf.util.utf8.length(told));
    this.#length += protobuf.util.utf8.write(told, batch, this.#length);
  }

  /** Makes a record of what was written, and starts anew. */
  seal(cipher: RecordCipher): Uint8Array {
    const batch = this.#buffer();
    const plaintext = batch.subarray(0, this.#length);
    this.#bytes = undefined;
    this.#length = 0;
    // A cipher that does not copy gives the buffer away. A small batch is copied instead: the record
    // may be held for long, and should not hold 64 KiB with it.
    const given = !cipher.copies && plaintext.length > RECORD_BYTES_MAX / 4;
    const record = cipher.seal(cipher.copies || given ? plaintext : plaintext.slice());
    if (!given && spareBuffers.length < SPARE_BUFFERS_MAX) spareBuffers.push(batch);
    return record;
  }

  /** Forgets what was written. */
  clear(): void {
    this.#bytes = undefined;
    this.#length = 0;
  }

  #buffer(): Uint8Array {
    return (this.#bytes ??= spareBuffers.pop() ?? new Uint8Array(RECORD_BYTES_MAX));
  }
}

/** Writes a varint of at most 32 bits, shortest form, and returns where it ends. */
function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest > 0x7f) {
    bytes[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[next++] = rest;
  return next;
}

/** The longest beginning of `text`, in whole characters, that takes at most `bytesMax` in UTF-8. */
function cutUtf8(text: string, bytesMax: number): string {
  // A lone surrogate has no UTF-8, and the other side refuses what is not UTF-8.
  const sound = text.slice(0, bytesMax).replace(/\p{Surrogate}/gu, '\ufffd');
  if (protobuf.util.utf8.length(sound) <= bytesMax) return sound;
  let cut = '';
  let bytes = 0;
  for (const character of sound) {
    bytes += protobuf.util.utf8.length(character);
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut;
}
