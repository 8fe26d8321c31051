import { wordOrTime } from '../flow/word-or-time.ts';
import type { OptionKind } from '../model/check-options.ts';

/**
 * What to do with a message whose recipient is absent: not connected, or without the channel. For a
 * broadcast, that means that no peer has the channel.
 *
 * - `'wait'`: wait until the recipient is there
 * - `'drop'`: drop the message and report it
 * - `{ waitMs }`: wait for at most that many milliseconds, 1 to 2^31 - 1
 */
export type AbsentPolicy = 'wait' | 'drop' | { readonly waitMs: number };

/** The kind of an option that takes an `AbsentPolicy`. */
export const anAbsentPolicy: OptionKind = wordOrTime(['wait', 'drop'], ['waitMs']);

/** How long a message may wait, in milliseconds; `Infinity` for `'wait'`. */
export function awaitMsOf(policy: AbsentPolicy): number {
  if (policy === 'wait') return Infinity;
  return policy === 'drop' ? 0 : policy.waitMs;
}
