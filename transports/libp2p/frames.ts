import { RxmeshError } from '../../lib/model/error.ts';
import { reasonText } from '../../lib/transport/refusal.ts';

/** The longest frame: the largest record, with its tag. */
export const frameBytesMax = 131_088;

/** A frame on a stream begins with its length, as an unsigned number of 32 bits, big-endian. */
const lengthBytes = 4;
/** Set in the length of a frame that says why a connection is refused. */
const refusalBit = 0x8000_0000;
/** The longest reason. */
const reasonBytesMax = 100;

/** What arrives on a stream: a frame, or the reason for a refusal. */
export type Arrived = { readonly frame: Uint8Array } | { readonly refusal: string };

/** Writes a frame behind its length. */
export function framed(frame: Uint8Array): Uint8Array {
  return prefixed(frame, frame.length);
}

/** Writes the reason for a refusal: printable ASCII, 100 characters at most. */
export function refusalOf(reason: string): Uint8Array {
  const text = Uint8Array.from(reasonText(reason), (char) => char.charCodeAt(0));
  return prefixed(text, text.length + refusalBit);
}

function prefixed(bytes: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(lengthBytes + bytes.length);
  new DataView(whole.buffer).setUint32(0, length);
  whole.set(bytes, lengthBytes);
  return whole;
}

/** Finds the frames in the pieces of a stream, whatever their boundaries. */
export class FrameReader {
  /** The longest frame to accept. */
  bytesMax: number;
  readonly #pieces: Uint8Array[] = [];
  /** How much of the first piece has been read. */
  #at = 0;
  readonly #head = new Uint8Array(lengthBytes);
  /** What is being read: the head, or a frame that came in several pieces. */
  #target: Uint8Array = this.#head;
  #filled = 0;
  #isRefusal = false;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Whether everything was read, and ended with a whole frame. */
  get isAtEnd(): boolean {
    return this.#pieces.length === 0 && this.#target === this.#head && this.#filled === 0;
  }

  /** Whether nothing is left to read. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  push(piece: Uint8Array): void {
    if (piece.length > 0) this.#pieces.push(piece);
  }

  /** Forgets what has not been read. */
  clear(): void {
    this.#pieces.length = 0;
  }

  /**
   * Takes the next frame; undefined if it is not all there. A frame that came in one piece is a
   * view of it.
   * @throws {RxmeshError} `RXMESH_PROTOCOL_VIOLATION` for a frame that is too long
   */
  next(): Arrived | undefined {
    if (this.#target === this.#head) {
      if (!this.#fill()) return undefined;
      const length = this.#readHead();
      const whole = this.#view(length);
      if (whole !== undefined) return this.#take(whole);
      this.#target = new Uint8Array(length);
      this.#filled = 0;
    }
    return this.#fill() ? this.#take(this.#target) : undefined;
  }

  #readHead(): number {
    const given = new DataView(this.#head.buffer).getUint32(0);
    this.#isRefusal = given >= refusalBit;
    const length = this.#isRefusal ? given - refusalBit : given;
    const most = this.#isRefusal ? reasonBytesMax : this.bytesMax;
    if (length <= most) return length;
    const text = `a frame of ${length} bytes, where ${most} are the most`;
    throw new RxmeshError('RXMESH_PROTOCOL_VIOLATION', text);
  }

  /** The next bytes as a view of the first piece, if it has them all. */
  #view(length: number): Uint8Array | undefined {
    const [piece = emptyBytes] = this.#pieces;
    if (piece.length - this.#at < length) return undefined;
    // A plain Uint8Array, because `slice` of a Buffer does not copy.
    const view = new Uint8Array(piece.buffer, piece.byteOffset + this.#at, length);
    this.#advance(piece, length);
    return view;
  }

  /** Copies what is there into the target. Returns whether that fills it. */
  #fill(): boolean {
    for (;;) {
      const missing = this.#target.length - this.#filled;
      const [piece] = this.#pieces;
      if (missing === 0) return true;
      if (piece === undefined) return false;
      const count = Math.min(missing, piece.length - this.#at);
      this.#target.set(piece.subarray(this.#at, this.#at + count), this.#filled);
      this.#filled += count;
      this.#advance(piece, count);
    }
  }

  #advance(piece: Uint8Array, count: number): void {
    this.#at += count;
    if (this.#at < piece.length || piece.length === 0) return;
    this.#pieces.shift();
    this.#at = 0;
  }

  #take(bytes: Uint8Array): Arrived {
    this.#target = this.#head;
    this.#filled = 0;
    return this.#isRefusal ? { refusal: String.fromCharCode(...bytes) } : { frame: bytes };
  }
}

const emptyBytes = new Uint8Array(0);
