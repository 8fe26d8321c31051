/** A timer that is late by no more than this says nothing: event loops are blocked now and then. */
const sleptMs = 5_000;

/**
 * Whether a timer of `delayMs` that is `lateMs` late tells that the machine slept meanwhile: it is
 * late by more than 5 s, and by more than its own length. (Or the event loop was blocked for that
 * long. To a peer this is the same: nothing of it has been read for a while, and the silence was on
 * this side.)
 */
export function hasSlept(lateMs: number, delayMs: number): boolean {
  return lateMs > Math.max(delayMs, sleptMs);
}
