import { setTimeout as later } from 'node:timers/promises';
import { afterEach, beforeEach } from '@jest/globals';
import { config } from 'rxjs';

/**
 * Collects the errors that RxJS reports as unhandled in each test of the file or describe block.
 * Returns a function that waits for the reports, which come from platform timers, in order.
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
