import { setTimeout as wait } from 'node:timers/promises';
import process from 'node:process';

/** Memory of a process, in bytes. */
export interface Footprint {
  /** What JavaScript reaches: objects, and the buffers that belong to them. */
  readonly reached: number;
  /** All pages that the process has, also those that it does not use any more. */
  readonly resident: number;
}

/** How long a process gets to come to rest. */
const settleMs = 200;

/** Memory of this process, after a collection. Needs `--expose-gc`. */
export async function footprint(): Promise<Footprint> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('the process runs without --expose-gc');
  await wait(settleMs);
  // What finalizers release is free after the second one.
  gc();
  await wait(settleMs);
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { reached: heapUsed + external, resident: rss };
}
