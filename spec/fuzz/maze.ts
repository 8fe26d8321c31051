/** Finds its way out only with the right half bytes: chance alone takes 16^6 tries, 17 million. */
export function isOut(bytes: Uint8Array): boolean {
  const half = (at: number): number => (bytes[at] ?? 0) % 16;
  if (half(0) !== 13) return false;
  if (half(1) !== 5) return false;
  if (half(2) !== 3) return false;
  if (half(3) !== 8) return false;
  if (half(4) !== 7) return false;
  return half(5) === 2;
}
