import { keccakP } from '@noble/hashes/sha3.js';

const text = (ascii: string): Buffer => Buffer.from(ascii, 'latin1');

/** Merlin v1.0 over STROBE-128 v1.0.2, for little-endian machines. */
export class Merlin {
  readonly #state = Buffer.from(new ArrayBuffer(200));
  #at = 0;
  #begin = 0;

  constructor(protocol: string) {
    this.#state.set([1, 168, 1, 0, 1, 96, ...text('STROBEv1.0.2')]);
    keccakP(new Uint32Array(this.#state.buffer));
    this.#operate(0x12, text('Merlin v1.0'));
    this.append('dom-sep', text(protocol));
  }

  append(label: string, message: Uint8Array): void {
    this.#operate(0x12, [...text(label), ...new Uint8Array(Uint32Array.of(message.length).buffer)]);
    this.#operate(0x02, message);
  }

  draw(label: string): Uint8Array {
    this.#operate(0x12, [...text(label), 32, 0, 0, 0]);
    this.#operate(0x07, []);
    // What is drawn is replaced by zeros.
    return new Uint8Array(32).map(() => this.#mix(this.#state.readUInt8(this.#at)));
  }

  #operate(flags: number, data: Iterable<number>): void {
    const before = this.#begin;
    this.#begin = this.#at + 1;
    for (const byte of [before, flags]) this.#mix(byte);
    if ((flags & 0x04) !== 0 && this.#at !== 0) this.#permute();
    for (const byte of data) this.#mix(byte);
  }

  #mix(byte: number): number {
    this.#xor(byte, this.#at++);
    if (this.#at === 166) this.#permute();
    return byte;
  }

  #xor(byte: number, at: number): void {
    this.#state.writeUInt8(this.#state.readUInt8(at) ^ byte, at);
  }

  #permute(): void {
    this.#xor(this.#begin, this.#at);
    this.#xor(0x04, this.#at + 1);
    this.#xor(0x80, 167);
    keccakP(new Uint32Array(this.#state.buffer));
    this.#at = this.#begin = 0;
  }
}
