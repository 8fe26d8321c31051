import { setImmediate as turn } from 'node:timers/promises';
import { expect } from '@jest/globals';

/** How long a conformance suite waits in real time for what must happen, on a busy machine. */
export const patienceMs = 20_000;

/** Waits in real time until `condition` holds, and fails after some 20 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 4_000 && !condition(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(condition()).toBe(true);
}

/**
 * Waits until `condition` holds, for at most 2,000 turns of the event loop: enough for what this
 * process does by itself over loopback, on a machine of any speed, and far less than a time limit
 * of seconds.
 */
export async function soon(condition: () => boolean): Promise<void> {
  for (let turns = 0; turns < 2_000 && !condition(); turns += 1) await turn();
  expect(condition()).toBe(true);
}
