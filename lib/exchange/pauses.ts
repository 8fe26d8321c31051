/** The first pause between two questions to a peer on rxmesh's own wire, in milliseconds. */
export const firstPauseMs = 2_000;
/** The shortest pause later on. */
export const shortestPauseMs = 10_000;
/** The longest pause. */
export const longestPauseMs: number = 10 * 60_000;

/**
 * The pause before the next question to a peer, in milliseconds. It doubles from question to
 * question, so that a new node learns a lot quickly. Later it halves while answers contain
 * something new, and doubles while they do not. A node that hardly has room for more peers asks
 * rarely: what it learned would only displace others.
 */
export function nextPauseMs(
  pauseMs: number,
  hasNew: boolean,
  isFull: boolean,
  shortestMs: number = shortestPauseMs,
): number {
  if (isFull) return longestPauseMs;
  if (!hasNew || pauseMs < shortestMs) return Math.min(longestPauseMs, pauseMs * 2);
  return Math.max(shortestMs, pauseMs / 2);
}
