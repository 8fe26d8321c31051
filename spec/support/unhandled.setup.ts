import { afterAll, beforeEach } from '@jest/globals';
import { config } from 'rxjs';

/**
 * Fails a file of specs in which an observer threw, or an error reached a subscription that has no
 * handler. RxJS reports those a turn later, when the test that caused them may be over.
 *
 * A test that expects such an error sets `config.onUnhandledError` itself.
 */
const unhandled: unknown[] = [];

beforeEach(() => {
  config.onUnhandledError = (error) => void unhandled.push(error);
});

afterAll(async () => {
  await new Promise((resolve) => setTimeout(resolve));
  if (unhandled.length === 0) return;
  const stacks = unhandled.map((error) => (error instanceof Error ? error.stack : String(error)));
  throw new Error(`nobody handled these errors:\n${stacks.join('\n')}`);
});
