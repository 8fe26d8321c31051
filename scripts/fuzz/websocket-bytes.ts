import { joined } from './bytes.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';

/** The mask of all frames. The choice of mask is not under test. */
const mask = [0x5a, 0, 0xff, 0x11] as const;

const masked = (payload: Uint8Array): Uint8Array =>
  payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));

const lengths = [0, 1, 5, 125, 126, 127, 300] as const;
const [whole, piece, nextPiece, lastPiece, ping, pong, close] = [
  0x82, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88,
] as const;
const strangeBytes = [0x81, 0x83, 0xc2, 0x8b, 0x09, 0xff, whole, nextPiece, lastPiece] as const;
const closeCodes = [1_000, 1_001, 1_005, 4_000, 65_535] as const;

/** Encodes a length, which follows the first byte, in the shortest form or a longer one. */
function lengthBytes(length: number, form: number): number[] {
  const bytes = Array.from(
    { length: form === 126 ? 2 : 8 },
    (_, at, count = form === 126 ? 2 : 8) => Math.floor(length / 2 ** (8 * (count - 1 - at))) % 256,
  );
  return form < 126 ? [0x80 | length] : [0x80 | form, ...bytes];
}

function frame(random: Random, first: number): Uint8Array {
  const isControl = (first & 0x08) !== 0;
  const code = random.pick(closeCodes);
  const payload =
    first === close
      ? Uint8Array.of(code >>> 8, code & 0xff)
      : random.bytes(isControl ? random.below(4) : random.pick(lengths));
  const { length } = payload;
  const form = length < 126 ? (random.once(30) ? random.pick([126, 127]) : length) : 126;
  const said = random.once(100) ? random.number() : length;
  return joined([[first], lengthBytes(said, said < 126 ? form : 127), mask, masked(payload)]);
}

/** A message, whole or fragmented; a control frame; or something invalid. */
function frames(random: Random): Uint8Array[] {
  const dice = random.below(40);
  if (dice === 0) return [frame(random, random.pick(strangeBytes))];
  if (dice === 1) return [frame(random, close)];
  if (dice < 8) {
    const next = random.list(0, random.once(9) ? 20 : 4, () =>
      random.pick([nextPiece, ping, pong]),
    );
    return [piece, ...next, lastPiece].map((first) => frame(random, first));
  }
  return [frame(random, random.pick([whole, whole, ping, pong]))];
}

/** A sequence of client frames (RFC 6455, 5.2), usually valid. */
export function frameStream(random: Random): Uint8Array {
  const bytes = joined(random.list(1, random.once(9) ? 50 : 7, () => joined(frames(random))));
  return random.once(3) ? mutate(bytes, random, frame(random, whole)) : bytes;
}

/** The content of a stream of frames, parsed in the simplest way. */
export interface Frames {
  /** Frames of which at least one byte has arrived. */
  readonly begun: number;
  readonly controls: number;
  readonly isClosed: boolean;
  /** Complete binary messages before the first fault. */
  readonly messages: readonly Uint8Array[];
  /** Whether there is no fault so far. */
  readonly isValid: boolean;
}

/** Parses a stream of frames. */
export function framesIn(bytes: Uint8Array): Frames {
  const messages: Uint8Array[] = [];
  let pieces: Uint8Array[] = [];
  let [begun, controls, isClosed, isValid] = [0, 0, false, true];
  for (let at = 0; at < bytes.length && !isClosed;) {
    begun += 1;
    const { first, end, mask: maskAt, isWhole, isFault } = headerAt(bytes, at, pieces.length > 0);
    if (isFault) isValid = false;
    if (!isWhole) break;
    const opcode = first & 0x0f;
    if (opcode > 8) controls += 1;
    at = end;
    isClosed = opcode === 8 && end <= bytes.length;
    if (end > bytes.length) break;
    if (!isValid || opcode > 2) continue;
    const payload = bytes.slice(maskAt + 4, end);
    pieces.push(payload.map((byte, i) => byte ^ (bytes[maskAt + (i % 4)] ?? 0)));
    if (pieces.length > 16) isValid = false;
    if ((first & 0x80) === 0) continue;
    if (isValid) messages.push(joined(pieces));
    pieces = [];
  }
  return { begun, controls, isClosed, messages, isValid };
}

interface Header {
  readonly first: number;
  /** Offset of the mask, if there is one, and of the end of the payload. */
  readonly mask: number;
  readonly end: number;
  /** Whether the header is complete. */
  readonly isWhole: boolean;
  /** Whether a server must or may reject it, judging from what has arrived. */
  readonly isFault: boolean;
}

function headerAt(bytes: Uint8Array, at: number, isOpen: boolean): Header {
  const [first = 0, second = 0x80] = bytes.subarray(at);
  const short = second & 0x7f;
  const isMasked = second >= 0x80;
  const mask = at + 2 + (short < 126 ? 0 : short === 126 ? 2 : 8);
  const long = bytes.subarray(at + 2, mask);
  const length = short < 126 ? short : long.reduce((sum, byte) => sum * 256 + byte, 0);
  const start = mask + (isMasked ? 4 : 0);
  const opcode = first & 0x0f;
  const isLongControl = opcode > 7 && ((first & 0x80) === 0 || short > 125);
  const isExpected = [isOpen ? 0 : 2, 9, 10].includes(opcode);
  const isLarge = length > 65_536 || (short === 127 && mask > bytes.length);
  return {
    first,
    mask,
    end: start + length,
    isWhole: at + 2 <= bytes.length && start <= bytes.length,
    isFault: (first & 0x70) !== 0 || isLongControl || !isExpected || isLarge || !isMasked,
  };
}
