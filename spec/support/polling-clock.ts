import { Subscription } from 'rxjs';
import { type Clock, systemClock } from '../../lib/flow/clock.ts';

/**
 * The system's clock for a suite that polls every millisecond: it polls in each turn of the event
 * loop instead. Most of what it waits for happens sooner than a timer would.
 */
export const pollingClock: Clock = {
  ...systemClock,
  schedule: (work, delayMs) => {
    if (delayMs > 1) return systemClock.schedule(work, delayMs);
    const immediate = setImmediate(work);
    return new Subscription(() => clearImmediate(immediate));
  },
};
