/**
 * A pseudo-random number generator: the same seed gives the same numbers in [0, 1). Good enough for
 * shuffling and jitter; not for anything that must be secret.
 *
 * It counts in steps of an odd constant modulo 2^32 and scrambles the count with three rounds of
 * multiply and shift, so that neighbouring seeds are unrelated.
 */
export function seededRandom(seed: number): () => number {
  let count = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    count = (count + 0x6d2b79f5) >>> 0;
    let bits = count;
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
}
