/**
 * Numbers that look random, and are the same for the same seed: each from 0 up to, not including,
 * 1. They are good enough to shuffle and to jitter, and for nothing that must be secret.
 *
 * It counts by an odd constant modulo 2^32 and scrambles the count with three rounds of multiply
 * and shift, so that neighbouring seeds have nothing in common.
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
