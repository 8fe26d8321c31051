import { joined, varint } from './bytes.ts';
import type { Random } from './random.ts';

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** `bytes` with `[start, end)` replaced. */
function replaced(
  bytes: Uint8Array,
  start: number,
  end: number,
  by: Uint8Array | readonly number[],
): Uint8Array {
  return joined([bytes.subarray(0, start), by, bytes.subarray(end)]);
}

/** A random offset, possibly at the end. */
const place = (bytes: Uint8Array, random: Random): number => random.below(bytes.length + 1);

/** The end of a random piece from `start`, usually short. */
function endOf(bytes: Uint8Array, start: number, random: Random): number {
  const length = random.once(3) ? random.below(bytes.length - start + 1) : random.below(5);
  return Math.min(bytes.length, start + length);
}

const mutations: readonly [Mutation, ...Mutation[]] = [
  // Change a bit or a byte.
  (bytes, random) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at + 1, [(bytes[at] ?? 0) ^ (1 << random.below(8))]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at + 1, [random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])]);
  },
  // Off by one or by 16, as in wrong lengths and counts.
  (bytes, random) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at + 1, [((bytes[at] ?? 0) + random.pick([1, -1, 16])) & 0xff]);
  },
  // Truncate, delete, repeat or move a piece.
  (bytes, random) => bytes.slice(0, place(bytes, random)),
  (bytes, random) => {
    const start = place(bytes, random);
    return replaced(bytes, start, endOf(bytes, start, random), []);
  },
  (bytes, random) => {
    const start = place(bytes, random);
    const piece = bytes.subarray(start, endOf(bytes, start, random));
    const times = random.once(40) ? 1_000 : 1 + random.below(4);
    return replaced(bytes, start, start, joined(Array<Uint8Array>(times).fill(piece)));
  },
  (bytes, random) => {
    const start = place(bytes, random);
    const end = endOf(bytes, start, random);
    const rest = replaced(bytes, start, end, []);
    const to = place(rest, random);
    return replaced(rest, to, to, bytes.subarray(start, end));
  },
  // Insert random bytes, or bytes of the other input.
  (bytes, random) => {
    const at = place(bytes, random);
    return replaced(bytes, at, at, random.bytes(1 + random.below(6)));
  },
  (bytes, random, other) => {
    const end = place(bytes, random);
    return joined([bytes.subarray(0, end), other.subarray(place(other, random))]);
  },
  (bytes, random, other) => {
    const at = place(bytes, random);
    const start = place(other, random);
    return replaced(bytes, at, at, other.subarray(start, endOf(other, start, random)));
  },
  // Insert a varint that may be huge or longer than necessary.
  (bytes, random) => {
    const at = place(bytes, random);
    const number = varint(random.number(), random.below(3));
    return replaced(bytes, at, Math.min(bytes.length, at + random.below(3)), number);
  },
];

/**
 * Applies one to four mutations, or none once in sixteen times. `other` is a second valid input to
 * splice from.
 */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array = bytes): Uint8Array {
  if (random.once(16)) return bytes;
  let mutated = bytes;
  for (const mutation of random.list(1, 4, () => random.pick(mutations))) {
    mutated = mutation(mutated, random, other);
  }
  return mutated;
}
