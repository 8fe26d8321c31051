/** Makes `expect` faster, without a difference in what passes. */
import { expect } from '@jest/globals';

// Jest keeps 100 calls of each stack, and `expect` makes an Error every time, in case it fails.
Error.stackTraceLimit = 10;

// By itself, `expect` looks up each byte or number as a property: a second for a megabyte.
expect.addEqualityTesters([
  function sameBytes(one: unknown, other: unknown): boolean | undefined {
    if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return undefined;
    // `toStrictEqual` tells a Buffer from a Uint8Array.
    if (one.constructor !== other.constructor) return undefined;
    return Buffer.compare(one, other) === 0;
  },
  function sameNumbers(one: unknown, other: unknown): boolean | undefined {
    const isSame =
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.length > 64 &&
      one.every((each, at) => typeof each === 'number' && Object.is(each, other[at]));
    // If they differ, Jest says how.
    return isSame ? true : undefined;
  },
]);
