import { setTimeout as later } from 'node:timers/promises';
import { afterEach, beforeEach } from '@jest/globals';
import { config } from 'rxjs';

/**
 * Collects what RxJS reports as unhandled, from now on, in each test of the file or describe block.
 * Gives a function that waits for the reports, which come on timers of the platform, in their
 * order.
 */
export function collectUnhandled(): () => Promise<readonly unknown[]> {
  let errors: unknown[] = [];
  beforeEach(() => {
    errors = [];
    config.onUnhandledError = (error) => errors.push(error);
  });
  afterEach(async () => {
    await later(1);
    config.onUnhandledError = null;
  });
  return async () => {
    await later(1);
    return errors;
  };
}
