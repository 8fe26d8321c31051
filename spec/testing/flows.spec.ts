import { describe, it } from '@jest/globals';
import { flowConformance } from '../../lib/testing/index.ts';
import { flowSetups } from '../support/flow-setups.ts';
import { trackLeaks } from '../support/leaks.ts';

describe.each(flowSetups)('%s', (_name, setup) => {
  // More than a stack has room for; flows.slow.spec.ts takes the hundred thousand of the suite.
  const cases = flowConformance({ ...setup, manyCount: 10_000 });
  for (const { name, run } of cases) it(name, run);
});

trackLeaks();
