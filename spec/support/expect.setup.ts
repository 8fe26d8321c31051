/** Makes `expect` and errors faster, without a difference in what passes. */
import { AssertionError } from 'node:assert';
import { expect } from '@jest/globals';

// Jest keeps 100 calls of each stack, and `expect` makes an Error every time, in case it fails.
Error.stackTraceLimit = 10;

/**
 * Jest looks up each place of a stack in a source map, which takes a millisecond for a stack, and
 * an error of this library has its stack written at once. Most places come again, so keep what it
 * found. Its function stands in the realm around this one, which is that of Node's modules.
 */
const outside = Object.getPrototypeOf(AssertionError) as ErrorConstructor;
const linesOf = new Map<string, string>();

Error.prepareStackTrace = (error, frames) => {
  const head = String(outside.prepareStackTrace(error, []));
  const lineOf = (frame: NodeJS.CallSite): string =>
    String(outside.prepareStackTrace(error, [frame])).slice(head.length);
  return head + frames.map((frame) => kept(linesOf, textOf(frame), () => lineOf(frame))).join('');
};

const textOf = (frame: unknown): string => String(frame);

function kept(map: Map<string, string>, key: string, make: () => string): string {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

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
