/** How long to wait between dials of one address that fail. All in milliseconds. */
export interface BackOff {
  /** The wait after the first failure; 0: never dial it again. */
  readonly minMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
  /** A random part of this is added to each wait, before the cap. */
  readonly jitterMs: number;
}

/**
 * The wait before the next dial, in milliseconds: the first wait doubles with each failure, jitter
 * is added, and the sum is capped. `Infinity` when retries are off.
 *
 * @param failures dials that have failed since the last success, or since the back-off has begun
 *   anew
 * @param random a number in [0, 1)
 */
export function retryDelayMs(failures: number, backOff: BackOff, random: () => number): number {
  if (failures === 0) return 0;
  if (backOff.minMs === 0) return Infinity;
  const wait = backOff.minMs * 2 ** (failures - 1) + random() * backOff.jitterMs;
  return Math.min(wait, backOff.maxMs);
}
