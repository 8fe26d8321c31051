import type { PeerLimits } from './limits.ts';

/** A connection that was up for less than this, in milliseconds, was brief. */
export const briefMs = 60_000;

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
  const waitMs = disconnectCooldownMs * 2 ** Math.max(0, briefVisits - 1);
  return Math.max(disconnectCooldownMs, Math.min(waitMs, longestMs));
}
