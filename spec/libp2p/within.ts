import { setTimeout as sleep } from 'node:timers/promises';

/** Waits in real time until `condition` holds, for at most `ms` milliseconds. */
export async function within(ms: number, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${ms} ms have passed: ${String(condition)}`);
    await sleep(20);
  }
}
