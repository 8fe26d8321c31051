import process from 'node:process';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Longer than V8 takes to compile a function in the background, in milliseconds. */
const compiledMs = 50;

/**
 * Collects all garbage. What V8 has found in a function that it compiles in the background counts
 * as alive until it is done, and what was alive when a collection began is spared by that one. So
 * there are two, with a pause between them.
 */
export async function collectGarbage(): Promise<void> {
  await collectOnce();
  await pause(compiledMs);
  await collectOnce();
}

/** A `WeakRef` keeps its target until the end of the turn. */
async function collectOnce(): Promise<void> {
  await turn();
  collect();
}

/**
 * Bytes of the heap in use, after garbage collection: as many collections as it takes until nothing
 * more is freed, since what earlier specs have left may need several.
 */
export async function heapBytes(): Promise<number> {
  let bytes = await bytesLeft();
  for (let tries = 0; tries < 3; tries += 1) {
    const next = await bytesLeft();
    if (next > bytes - 262_144) return next;
    bytes = next;
  }
  return bytes;
}

async function bytesLeft(): Promise<number> {
  await collectOnce();
  return process.memoryUsage().heapUsed;
}

/** Bytes of all array buffers that are alive, after garbage collection. */
export async function bufferBytes(): Promise<number> {
  await heapBytes();
  return process.memoryUsage().arrayBuffers;
}
