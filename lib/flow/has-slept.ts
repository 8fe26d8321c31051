/** A shorter delay proves nothing: event loops are blocked now and then. */
const sleptMs = 5_000;

/**
 * Whether a timer of `delayMs` that fired `lateMs` late indicates that the machine was asleep: it
 * is late by more than 5 s, and by more than its own length. The event loop may also have been
 * blocked for that long, which is the same to a peer: nothing it sent was read, and the silence was
 * on our side.
 */
export function hasSlept(lateMs: number, delayMs: number): boolean {
  return lateMs > Math.max(delayMs, sleptMs);
}
