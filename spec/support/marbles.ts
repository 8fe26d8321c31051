import { expect } from '@jest/globals';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { clockFrom, type Clock } from '../../lib/flow/clock.ts';

/** What a marble test works with. */
export interface Marbles extends RunHelpers {
  /** The time of the marbles: a frame is a millisecond. */
  readonly clock: Clock;
}

/** Runs a test in marble time and checks its expectations. */
export function marbles(test: (helpers: Marbles) => void): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run((helpers) => test({ ...helpers, clock: clockFrom(scheduler) }));
}
