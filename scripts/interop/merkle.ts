import { createHash } from 'node:crypto';

/** CometBFT cuts encoded blocks into parts of this length. */
const partBytes = 65_536;

function sha256(...pieces: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return new Uint8Array(hash.digest());
}

/** The hash of a leaf of a Merkle tree (RFC 6962, 2.1). */
export function leafHash(bytes: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(0), bytes);
}

const inner = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(1), left, right);

/** The largest power of two below `count`. */
const splitOf = (count: number): number => 2 ** Math.ceil(Math.log2(count) - 1);

function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const [first = sha256()] = leaves;
  if (leaves.length < 2) return first;
  const split = splitOf(leaves.length);
  return inner(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

/** The Merkle root of the parts of an encoded block: `parts.hash` of its ID. */
export function partsHash(block: Uint8Array): Uint8Array {
  const count = Math.ceil(block.length / partBytes);
  const parts = Array.from({ length: count }, (_, nth) =>
    block.subarray(nth * partBytes, (nth + 1) * partBytes),
  );
  return rootOf(parts.map(leafHash));
}

/** The Merkle root that a leaf and its proof lead to. @param aunts the deepest first */
export function rootFrom(
  leaf: Uint8Array,
  index: number,
  total: number,
  aunts: readonly Uint8Array[],
): Uint8Array {
  const aunt = aunts.at(-1);
  if (total < 2 || aunt === undefined) return leaf;
  const split = splitOf(total);
  const rest = aunts.slice(0, -1);
  return index < split
    ? inner(rootFrom(leaf, index, split, rest), aunt)
    : inner(aunt, rootFrom(leaf, index - split, total - split, rest));
}
