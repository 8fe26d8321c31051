import { util } from 'protobufjs/minimal.js';
import type { ByeReason } from '../transport/link.ts';
import {
  BYE_REASONS,
  BYE_TEXT_BYTES_MAX,
  CREDIT_MAX,
  FRAGMENT_BYTES_MAX,
  PACKET,
  PONG_TIME_MAX,
  RECORD_BYTES_FULL,
  RECORD_BYTES_MAX,
} from './packets.ts';
import type { RecordCipher } from './records.ts';

/**
 * Slices of a larger buffer that are shorter than this are copied byte by byte. Measured on V8,
 * that costs less than creating the view that `set` needs.
 */
const BYTEWISE_BYTES_MAX = 24;

/**
 * Payloads of at least this size are not copied: measured, copying them costs more than handling an
 * additional part.
 */
const PART_BYTES_MIN = 8_192;

/**
 * Large enough for everything copied: packets up to a full record, a last one, and control packets.
 */
const BUFFER_BYTES = 81_920;

/** Unused buffers, shared by all links, so that an idle link does not hold on to 80 KiB. */
const spareBuffers: Uint8Array[] = [];
const SPARE_BUFFERS_MAX = 16;

/**
 * The packets of the next record, back to back. Small payloads are copied; large ones stay in place
 * until the record is sealed. The batch never grows: check `room` before writing data, and `free`
 * before writing anything else.
 */
export class PacketBatch {
  #bytes: Uint8Array | undefined;
  /** How many bytes of the buffer are used. */
  #length = 0;
  /** Payloads that were not copied, their positions in the buffer, and their total size. */
  #parts: Uint8Array[] = [];
  #places: number[] = [];
  #partBytes = 0;

  get length(): number {
    return this.#length + this.#partBytes;
  }

  /** How many more bytes may be written. */
  get free(): number {
    return Math.min(RECORD_BYTES_MAX - this.length, BUFFER_BYTES - this.#length);
  }

  /** How many payload bytes still fit as one `data` packet. */
  get room(): number {
    return this.length > RECORD_BYTES_FULL ? 0 : FRAGMENT_BYTES_MAX;
  }

  /**
   * Writes `bytes[start, end)` as one packet, which must fit into `room`. The bytes must not change
   * before the next `seal`.
   */
  data(channel: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const batch = this.#buffer();
    const size = end - start;
    let at = this.#length;
    batch[at++] = last ? PACKET.dataLast : PACKET.dataMore;
    at = writeVarint(batch, at, channel);
    at = writeVarint(batch, at, size);
    if (size >= PART_BYTES_MIN) {
      this.#length = at;
      this.#parts.push(size === bytes.length ? bytes : bytes.subarray(start, end));
      this.#places.push(at);
      this.#partBytes += size;
      return;
    }
    this.#length = at + size;
    if (size === bytes.length) {
      batch.set(bytes, at);
    } else if (size >= BYTEWISE_BYTES_MAX) {
      batch.set(bytes.subarray(start, end), at);
    } else {
      for (let from = start; from < end; from++) batch[at++] = bytes[from] ?? 0;
    }
  }

  /**
   * Amounts above 2^31 - 1 are clamped: they only occur with a peer that spends credit before it
   * was granted.
   */
  credit(channel: number, messages: number, bytes: number): void {
    const batch = this.#buffer();
    batch[this.#length] = PACKET.credit;
    const at = writeVarint(batch, this.#length + 1, channel);
    const next = writeVarint(batch, at, Math.min(messages, CREDIT_MAX));
    this.#length = writeVarint(batch, next, Math.min(bytes, CREDIT_MAX));
  }

  messageLimit(channel: number, bytes: number): void {
    const batch = this.#buffer();
    batch[this.#length] = PACKET.messageLimit;
    const at = writeVarint(batch, this.#length + 1, channel);
    this.#length = writeVarint(batch, at, bytes);
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

  /** @param readAtMs when the ping was read; a time outside what the wire carries is cut */
  pong(readAtMs: number): void {
    const batch = this.#buffer();
    batch[this.#length] = PACKET.pong;
    const us = Math.min(Math.max(0, Math.round(readAtMs * 1_000)), PONG_TIME_MAX);
    this.#length = writeLong(batch, this.#length + 1, us);
  }

  /** Truncates the text to 256 bytes of UTF-8 at a character boundary. */
  bye(reason: ByeReason, text: string): void {
    const batch = this.#buffer();
    const truncated = cutUtf8(text, BYE_TEXT_BYTES_MAX);
    batch[this.#length++] = PACKET.bye;
    batch[this.#length++] = BYE_REASONS.indexOf(reason);
    this.#length = writeVarint(batch, this.#length, util.utf8.length(truncated));
    this.#length += util.utf8.write(truncated, batch, this.#length);
  }

  /** Seals what was written into a record, and starts a new one. */
  seal(cipher: RecordCipher): Uint8Array {
    const batch = this.#buffer();
    if (this.#parts.length > 0) return this.#sealParts(cipher, batch);
    const plaintext = batch.subarray(0, this.#length);
    // A cipher that does not copy takes the buffer itself. A small batch is copied first: its
    // record may be kept for a long time and should not retain 80 KiB.
    const isGiven = !cipher.copies && plaintext.length > BUFFER_BYTES / 4;
    this.#begin(isGiven);
    return cipher.seal(cipher.copies || isGiven ? plaintext : plaintext.slice());
  }

  #sealParts(cipher: RecordCipher, batch: Uint8Array): Uint8Array {
    const plaintext: Uint8Array[] = [];
    let from = 0;
    this.#parts.forEach((part, nth) => {
      const place = this.#places[nth] ?? from;
      plaintext.push(batch.subarray(from, place), part);
      from = place;
    });
    if (from < this.#length) plaintext.push(batch.subarray(from, this.#length));
    const { length } = this;
    this.#begin(false);
    return cipher.copies ? cipher.seal(...plaintext) : cipher.seal(joined(plaintext, length));
  }

  /** Discards what was written. */
  clear(): void {
    if (this.#bytes !== undefined) this.#begin(false);
  }

  #begin(isBufferGiven: boolean): void {
    const batch = this.#bytes;
    this.#bytes = undefined;
    this.#length = 0;
    this.#parts = [];
    this.#places = [];
    this.#partBytes = 0;
    if (isBufferGiven || batch === undefined) return;
    if (spareBuffers.length < SPARE_BUFFERS_MAX) spareBuffers.push(batch);
  }

  #buffer(): Uint8Array {
    return (this.#bytes ??= spareBuffers.pop() ?? new Uint8Array(BUFFER_BYTES));
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Writes a varint of at most 32 bits in its shortest form. Returns the position after it. */
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

/** The same for values above 32 bits, which cannot be shifted. */
function writeLong(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest > 0x7f) {
    bytes[next++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[next++] = rest;
  return next;
}

/**
 * The longest prefix of `text`, in whole characters, that takes at most `bytesMax` bytes in UTF-8.
 */
function cutUtf8(text: string, bytesMax: number): string {
  // A lone surrogate has no UTF-8 encoding, and the other side rejects invalid UTF-8.
  const sound = text.slice(0, bytesMax).replace(/\p{Surrogate}/gu, '\ufffd');
  if (util.utf8.length(sound) <= bytesMax) return sound;
  let cut = '';
  let bytes = 0;
  for (const character of sound) {
    bytes += util.utf8.length(character);
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut;
}
