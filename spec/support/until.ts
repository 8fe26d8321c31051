import { expect } from '@jest/globals';

/** Waits in real time until `condition` holds, for at most 4 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 800 && !condition(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(condition()).toBe(true);
}
