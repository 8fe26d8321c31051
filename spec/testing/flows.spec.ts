import { describe, it } from '@jest/globals';
import { flowConformance } from '../../lib/testing/index.ts';
import { flowSetups } from '../support/flow-setups.ts';
import { trackLeaks } from '../support/leaks.ts';
import { pollingClock } from '../support/polling-clock.ts';

describe.each(flowSetups)('%s', (_name, setup) => {
  // Enough to overflow the stack. flows.slow.spec.ts runs the suite's full hundred thousand.
  // It also waits a millisecond before each look for what should not come, where these wait a turn.
  const cases = flowConformance({ clock: pollingClock, ...setup, manyCount: 10_000 });
  for (const { name, run } of cases) it(name, run);
});

trackLeaks();
