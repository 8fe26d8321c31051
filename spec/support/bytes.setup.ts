/**
 * Lets `expect` compare bytes at once: by itself it looks up each of them as a property, and takes
 * a second for a megabyte.
 */
import { expect } from '@jest/globals';

expect.addEqualityTesters([
  function sameBytes(one: unknown, other: unknown): boolean | undefined {
    if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return undefined;
    // `toStrictEqual` tells a Buffer from a Uint8Array.
    if (one.constructor !== other.constructor) return undefined;
    return Buffer.compare(one, other) === 0;
  },
]);
