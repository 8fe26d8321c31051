import { timerMaxMs } from '../flow/clock.ts';
import type { OptionKind } from '../model/check-options.ts';

/**
 * What becomes of a message whose recipient is away: not connected, or without the channel. A
 * broadcast's is away when nobody has the channel.
 *
 * - `'wait'`: it waits until the recipient is there
 * - `'drop'`: it is dropped, and told
 * - `{ waitMs }`: it waits for so many milliseconds at most, 1 to 2^31 - 1
 */
export type AbsentPolicy = 'wait' | 'drop' | { readonly waitMs: number };

/** An `AbsentPolicy` as an option. */
export const anAbsentPolicy: OptionKind = {
  what: "'wait', 'drop' or { waitMs }, with milliseconds from 1 to 2^31 - 1",
  accepts: isAbsentPolicy,
};

/** How long a message waits, in milliseconds. */
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
