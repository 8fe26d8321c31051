import type { Lane } from '../../lib/flow/lane.ts';

/** Everything that waits, in order. */
export function emptied<T>(lane: Lane<T>): T[] {
  return Array.from({ length: lane.size }, () => lane.take() as T);
}
