import { type DecodeLimits, tooManyElements } from './decode-limits.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** The largest JSON text that cannot have more elements, in bytes: `[],` is two in three bytes. */
export function uncountedBytesMax(elementsMax: number): number {
  return 1 + 1.5 * (elementsMax - 1);
}

/**
 * Whether a JSON text may be nested deeper than `depthMax`: whether it has that many brackets and
 * braces, counting those in strings. Much cheaper than the exact check: most messages have few, and
 * `indexOf` finds them faster than a loop.
 */
export function mayBeTooDeep(text: string, depthMax: number): boolean {
  // Every level takes two.
  if (text.length <= 2 * depthMax) return false;
  let left = depthMax;
  for (const opening of ['[', '{']) {
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1)) {
      left -= 1;
      if (left < 0) return true;
    }
  }
  return false;
}

/**
 * Checks the limits of a JSON text before it is parsed. Counts one element for each opening bracket
 * or brace and each comma, outside of strings. That is one for each value, plus one for each empty
 * list or object. Invalid JSON may pass; the parser refuses it.
 *
 * @throws {RxmeshError} `RXMESH_DECODE_FAILED` if it has more elements than `elementsMax`
 * @throws {RangeError} if it is nested deeper than `depthMax`
 */
export function assertJsonLimits(bytes: Uint8Array, limits: Required<DecodeLimits>): void {
  const { elementsMax, depthMax } = limits;
  let elements = 1;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfString(bytes, at + 1);
    } else if (byte === COMMA) {
      elements += 1;
    } else if (byte === OPENING_BRACKET || byte === OPENING_BRACE) {
      elements += 1;
      depth += 1;
      if (depth > depthMax) throw new RangeError(`it is nested deeper than depthMax, ${depthMax}`);
    } else if (byte === CLOSING_BRACKET || byte === CLOSING_BRACE) {
      depth -= 1;
    }
    if (elements > elementsMax) throw tooManyElements(elementsMax);
  }
}

/**
 * The position of the quote that ends a string; at or after the end of the text if there is none.
 */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
