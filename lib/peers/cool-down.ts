import type { PeerLimits } from './limits.ts';

/** A connection that was up for less than this, in milliseconds, was brief. */
export const briefMs = 60_000;

/** Enough for any wait to reach the longest one. */
const enoughDoublings = 100;

/**
 * How long to wait before dialing a peer that has disconnected, in milliseconds: the cool-down, and
 * twice as long for each further connection in a row that was brief. So two nodes do not connect
 * every few seconds when one of them hangs up each time.
 */
export function coolDownMs(
  { briefVisits, isPersistent }: { readonly briefVisits: number; readonly isPersistent: boolean },
  limits: PeerLimits,
): number {
  const { disconnectCooldownMs, retryMaxMs, retryMaxPersistentMs } = limits;
  const longestMs = isPersistent ? retryMaxPersistentMs : retryMaxMs;
  // Bounded, because 0 times an infinite factor is not a number.
  const doublings = Math.min(Math.max(0, briefVisits - 1), enoughDoublings);
  const waitMs = disconnectCooldownMs * 2 ** doublings;
  return Math.max(disconnectCooldownMs, Math.min(waitMs, longestMs));
}
