/** Makes `expect` faster, without a difference in what passes. */
import { expect } from '@jest/globals';

// Jest keeps 100 calls of each stack, and `expect` makes an Error every time, in case it fails.
Error.stackTraceLimit = 20;

// By itself, `expect` looks up each byte as a property, and takes a second for a megabyte.
expect.addEqualityTesters([
  function sameBytes(one: unknown, other: unknown): boolean | undefined {
    if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return undefined;
    // `toStrictEqual` tells a Buffer from a Uint8Array.
    if (one.constructor !== other.constructor) return undefined;
    return Buffer.compare(one, other) === 0;
  },
]);
