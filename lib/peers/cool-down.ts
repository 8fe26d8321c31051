import type { PeerLimits } from './limits.ts';

/** A connection that was up for less than this, in milliseconds, was brief. */
export const briefMs = 60_000;

/** Enough for any wait to reach the longest one. */
const enoughDoublings = 100;

/**
 * How long to wait before dialing a peer that has disconnected, in milliseconds: the cool-down, and
 * twice as long for each further connection in a row that was brief. So two nodes do not connect
 * every few seconds when one of them hangs up each time.
 *
 * Jitter is added, of at most half the wait: two nodes that have lost each other seldom dial
 * simultaneously, and the peers of a node that has restarted do not all come back at once.
 *
 * @param random returns a number in [0, 1)
 */
export function coolDownMs(
  { briefVisits, isPersistent }: { readonly briefVisits: number; readonly isPersistent: boolean },
  limits: PeerLimits,
  random: () => number,
): number {
  const { disconnectCooldownMs, retryMaxMs, retryMaxPersistentMs, retryJitterMs } = limits;
  const longestMs = isPersistent ? retryMaxPersistentMs : retryMaxMs;
  // Bounded, because 0 times an infinite factor is not a number.
  const doublings = Math.min(Math.max(0, briefVisits - 1), enoughDoublings);
  const doubledMs = disconnectCooldownMs * 2 ** doublings;
  const waitMs = Math.max(disconnectCooldownMs, Math.min(doubledMs, longestMs));
  return waitMs + Math.floor(random() * Math.min(retryJitterMs, waitMs / 2));
}
