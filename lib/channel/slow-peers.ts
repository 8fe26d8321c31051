import { timerMaxMs } from '../flow/clock.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';

/** A broadcast that waits for one lane. */
export interface WaitingBroadcast {
  /** Waits no longer: its recipient misses the message. */
  skip(): void;
}

/** What the broadcasts of one channel do about lanes for which they have to wait. */
export interface SlowPeers {
  /** Whether a broadcast that finds this lane full may wait for it. */
  mayWait(outbox: Outbox): boolean;
  /** A broadcast begins to wait. */
  waits(session: Session, outbox: Outbox, broadcast: WaitingBroadcast): void;
  /** The lane has taken a message that waited, of a broadcast or not. */
  took(outbox: Outbox): void;
  /** A broadcast waits no longer. */
  left(outbox: Outbox, broadcast: WaitingBroadcast): void;
  /** The channel is closed: does nothing more. */
  close(): void;
}

/** Whether a value from outside is a `SlowPeerPolicy`. */
export function isSlowPeerPolicy(value: unknown): boolean {
  if (value === 'wait' || value === 'drop') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { evictAfterMs } = value as { readonly evictAfterMs?: unknown };
  return (
    typeof evictAfterMs === 'number' &&
    Number.isInteger(evictAfterMs) &&
    evictAfterMs >= 1 &&
    evictAfterMs <= timerMaxMs
  );
}
