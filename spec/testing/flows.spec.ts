import { describe, it } from '@jest/globals';
import { flowConformance } from '../../lib/testing/index.ts';
import { flowSetups } from '../support/flow-setups.ts';
import { trackLeaks } from '../support/leaks.ts';

describe.each(flowSetups)('%s', (_name, setup) => {
  // Enough to overflow the stack. flows.slow.spec.ts runs the suite's full hundred thousand.
  const cases = flowConformance({ ...setup, manyCount: 10_000 });
  for (const { name, run } of cases) it(name, run);
});

trackLeaks();
