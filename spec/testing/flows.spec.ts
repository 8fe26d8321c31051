import { describe, it } from '@jest/globals';
import { flowConformance } from '../../lib/testing/index.ts';
import { flowSetups } from '../support/flow-setups.ts';
import { trackLeaks } from '../support/leaks.ts';
import { pollingClock } from '../support/polling-clock.ts';

describe.each(flowSetups)('%s', (_name, setup) => {
  // It waits a millisecond before each look for what should not come, where these wait a turn.
  const cases = flowConformance({ clock: pollingClock, ...setup });
  // RS-3.03 takes many values: flows.slow.spec.ts.
  for (const { name, run } of cases.filter((each) => !each.name.startsWith('RS-3.03')))
    it(name, run);
});

trackLeaks();
