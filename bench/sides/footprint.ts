import { setTimeout as wait } from 'node:timers/promises';
import process from 'node:process';

/** Memory of a process in bytes. */
export interface Footprint {
  /** Memory reachable from JavaScript: objects and their buffers. */
  readonly reached: number;
  /** All resident pages of the process, including those no longer in use. */
  readonly resident: number;
}

/** How long a process may take to settle. */
const settleMs = 200;

/** Memory of this process after garbage collection. Needs `--expose-gc`. */
export async function footprint(): Promise<Footprint> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('the process runs without --expose-gc');
  await wait(settleMs);
  // Memory released by finalizers is freed by the second collection.
  gc();
  await wait(settleMs);
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { reached: heapUsed + external, resident: rss };
}
