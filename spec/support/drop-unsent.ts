import { abandon, type Outbox } from '../../lib/session/outbox.ts';
import type { UnsentReason } from '../../lib/session/waiting-sends.ts';

/** Empties an outbox as a port does. Returns the number of messages, including waiting sends. */
export function dropUnsent(outbox: Outbox, reason: UnsentReason): number {
  const { messages, sends, leftover } = outbox.takeUnsent(reason);
  if (messages.length > 0) outbox.moved();
  return messages.length + leftover + abandon(sends, reason);
}
