import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects garbage. A `WeakRef` keeps its target until the end of the turn. */
export async function collectGarbage(): Promise<void> {
  await turn();
  collect();
}

/** Bytes of the heap in use, after garbage collection. */
export async function heapBytes(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().heapUsed;
}
