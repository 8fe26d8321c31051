import { keccakP } from '@noble/hashes/sha3.js';
import { asciiBytes } from './bytes.ts';

/**
 * How many bytes of the 200-byte state a block uses: those of STROBE-128, minus its two framing
 * bytes.
 */
const RATE = 166;

// Flags of STROBE operations (STROBE v1.0.2, section 6.2).
const INBOUND = 1;
const APPLICATION = 2;
const CIPHER = 4;
const META = 16;

/**
 * The part of STROBE-128 (v1.0.2) that Merlin uses: AD, meta-AD and PRF over Keccak-f[1600]. The
 * state is an array of words into which bytes are shifted, so the platform's byte order does not
 * matter.
 */
class Strobe128 {
  readonly #words: Uint32Array<ArrayBuffer> = new Uint32Array(50);
  #position = 0;
  #operationStart = 0;

  /** The initial state for a protocol of this name. */
  static start(protocol: string): Strobe128 {
    const strobe = new Strobe128();
    const header = [1, RATE + 2, 1, 0, 1, 12 * 8, ...asciiBytes('STROBEv1.0.2')];
    header.forEach((byte, at) => strobe.#mix(at, byte));
    keccakP(strobe.#words);
    strobe.#begin(META | APPLICATION);
    strobe.#absorbText(protocol);
    return strobe;
  }

  /** Another instance in the same state. */
  copy(): Strobe128 {
    const copy = new Strobe128();
    copy.#words.set(this.#words);
    copy.#position = this.#position;
    copy.#operationStart = this.#operationStart;
    return copy;
  }

  /**
   * Absorbs the framing of the data that follows, as one operation: a label, and a length as a
   * little-endian uint32.
   */
  metaAd(label: string, length: number): void {
    this.#begin(META | APPLICATION);
    this.#absorbText(label);
    for (let shift = 0; shift < 32; shift += 8) this.#absorbByte((length >>> shift) & 0xff);
  }

  /** Absorbs associated data. */
  ad(data: Uint8Array): void {
    this.#begin(APPLICATION);
    this.#absorb(data);
  }

  /** Squeezes out pseudo-random bytes that depend on everything absorbed so far. */
  prf(length: number): Uint8Array {
    this.#begin(INBOUND | APPLICATION | CIPHER);
    const drawn = new Uint8Array(length);
    for (let at = 0; at < length; at++) {
      drawn[at] = this.#take(this.#position);
      this.#advance();
    }
    return drawn;
  }

  /**
   * Section 7.2: an operation begins with the start position of the previous one and its own flags.
   */
  #begin(flags: number): void {
    const previousStart = this.#operationStart;
    this.#operationStart = this.#position + 1;
    this.#absorbByte(previousStart);
    this.#absorbByte(flags);
    if ((flags & CIPHER) !== 0 && this.#position !== 0) this.#permute();
  }

  #absorb(data: Uint8Array): void {
    for (const byte of data) this.#absorbByte(byte);
  }

  #absorbText(ascii: string): void {
    for (let at = 0; at < ascii.length; at++) this.#absorbByte(ascii.charCodeAt(at));
  }

  #absorbByte(byte: number): void {
    this.#mix(this.#position, byte);
    this.#advance();
  }

  #advance(): void {
    this.#position++;
    if (this.#position === RATE) this.#permute();
  }

  /** Section 7.1: pads the block, then permutes the state. */
  #permute(): void {
    this.#mix(this.#position, this.#operationStart);
    this.#mix(this.#position + 1, 0x04);
    this.#mix(RATE + 1, 0x80);
    keccakP(this.#words);
    this.#position = 0;
    this.#operationStart = 0;
  }

  #mix(at: number, byte: number): void {
    const word = this.#words[at >> 2] ?? 0;
    this.#words[at >> 2] = word ^ (byte << ((at & 3) * 8));
  }

  /** Reads a byte of the state and zeroes it, as PRF requires. */
  #take(at: number): number {
    const byte = ((this.#words[at >> 2] ?? 0) >>> ((at & 3) * 8)) & 0xff;
    this.#mix(at, byte);
    return byte;
  }
}

/**
 * The common initial state of all transcripts. Computed once, since its permutation takes a third
 * of the time of a short transcript.
 */
const MERLIN_START = Strobe128.start('Merlin v1.0');

/**
 * A Merlin v1.0 transcript. Two sides that append the same messages under the same labels draw the
 * same challenges, and no one else can. Labels are ASCII.
 *
 * @example
 * const transcript = new MerlinTranscript('my protocol');
 * transcript.append('public key', key);
 * const challenge = transcript.challenge('challenge', 32);
 *
 * Sources: merlin.cool (transcript operations), STROBE v1.0.2 (strobe.sourceforge.io/specs).
 */
export class MerlinTranscript {
  readonly #strobe: Strobe128 = MERLIN_START.copy();

  /** @param protocol separates this protocol from all others */
  constructor(protocol: string) {
    this.append('dom-sep', asciiBytes(protocol));
  }

  /** Binds `message`, its length and its label into everything drawn from now on. */
  append(label: string, message: Uint8Array): void {
    this.#strobe.metaAd(label, message.length);
    this.#strobe.ad(message);
  }

  /** Draws `length` bytes. Drawing also affects everything drawn later. */
  challenge(label: string, length: number): Uint8Array {
    this.#strobe.metaAd(label, length);
    return this.#strobe.prf(length);
  }
}
