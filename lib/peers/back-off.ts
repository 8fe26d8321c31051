/** How long to wait between failing dials of one address, in milliseconds. */
export interface BackOff {
  /** The wait after the first failure. 0: the address is never dialed again. */
  readonly minMs: number;
  /** The longest wait. */
  readonly maxMs: number;
  /** A random part of this is added to each wait, before it is capped. */
  readonly jitterMs: number;
}

/**
 * The wait before the next dial, in milliseconds: the minimum doubles with each failure, jitter is
 * added, and the sum is capped. `Infinity` if retries are off.
 *
 * @param failures dials that have failed since the last success or the last reset of the back-off
 * @param random returns a number in [0, 1)
 */
export function retryDelayMs(failures: number, backOff: BackOff, random: () => number): number {
  if (failures === 0) return 0;
  if (backOff.minMs === 0) return Infinity;
  const wait = backOff.minMs * 2 ** (failures - 1) + random() * backOff.jitterMs;
  return Math.min(wait, backOff.maxMs);
}
