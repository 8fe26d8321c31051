import { timerMaxMs } from '../flow/clock.ts';
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
export const anAbsentPolicy: OptionKind = {
  what: "'wait', 'drop' or { waitMs }, with milliseconds from 1 to 2^31 - 1",
  accepts: isAbsentPolicy,
};

/** How long a message may wait, in milliseconds; `Infinity` for `'wait'`. */
export function awaitMsOf(policy: AbsentPolicy): number {
  if (policy === 'wait') return Infinity;
  return policy === 'drop' ? 0 : policy.waitMs;
}

function isAbsentPolicy(value: unknown): boolean {
  if (value === 'wait' || value === 'drop') return true;
  if (typeof value !== 'object' || value === null) return false;
  const [[name, ms] = [], ...more] = Object.entries(value) as [string, unknown][];
  if (name !== 'waitMs' || more.length > 0) return false;
  return typeof ms === 'number' && Number.isInteger(ms) && ms >= 1 && ms <= timerMaxMs;
}
