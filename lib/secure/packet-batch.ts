import protobuf from 'protobufjs/minimal.js';
import type { ByeReason } from '../transport/link.ts';
import {
  BYE_REASONS,
  BYE_TEXT_BYTES_MAX,
  CREDIT_MAX,
  FRAGMENT_BYTES_MAX,
  PACKET,
  RECORD_BYTES_FULL,
  RECORD_BYTES_MAX,
} from './packets.ts';
import type { RecordCipher } from './records.ts';

/**
 * Pieces of a larger buffer below this are copied byte by byte: measured on V8, that costs less
 * than the view that `set` needs of them.
 */
const BYTEWISE_BYTES_MAX = 24;

/**
 * Payloads from this on are not copied: measured, a copy of theirs costs more than a part of its
 * own.
 */
const PART_BYTES_MIN = 8_192;

/**
 * Holds what is copied: any number of packets up to a full record, a last one, and control packets.
 */
const BUFFER_BYTES = 81_920;

/**
 * Buffers that wait for the next batch, shared by all links: a link that has nothing to say holds
 * none of these 80 KiB.
 */
const spareBuffers: Uint8Array[] = [];
const SPARE_BUFFERS_MAX = 16;

/**
 * The packets of the next record, back to back as they come: small payloads are copied, large ones
 * stay where they are until the record is sealed. It never grows: who writes asks for `room` (of
 * data) or `free` (of anything else) first.
 */
export class PacketBatch {
  #bytes: Uint8Array | undefined;
  /** Bytes in the buffer. */
  #length = 0;
  /** Payloads that were not copied, the place of each in the buffer, and their bytes. */
  #parts: Uint8Array[] = [];
  #places: number[] = [];
  #partBytes = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length + this.#partBytes;
  }

  /** Bytes that may still be written. */
  get free(): number {
    return Math.min(RECORD_BYTES_MAX - this.length, BUFFER_BYTES - this.#length);
  }

  /** Payload bytes that still fit as one `data` packet. */
  get room(): number {
    return this.length > RECORD_BYTES_FULL ? 0 : FRAGMENT_BYTES_MAX;
  }

  /**
   * `bytes[start, end)` as one packet; needs as much `room`. They must not change before the next
   * `seal`.
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
   * More than 2^31 - 1 of either is told as that: only to a peer that spends credit before it has
   * it.
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
    if (this.#parts.length > 0) return this.#sealParts(cipher, batch);
    const plaintext = batch.subarray(0, this.#length);
    // A cipher that does not copy gives the buffer away. A small batch is copied instead: the
    // record may be held for long, and should not hold 80 KiB with it.
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

  /** Forgets what was written. */
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
