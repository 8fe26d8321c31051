import { describe, it } from '@jest/globals';
import { flowConformance } from '../../lib/testing/index.ts';
import { flowSetups } from '../support/flow-setups.ts';

describe.each(flowSetups)('%s', (_name, setup) => {
  const cases = flowConformance({ ...setup, timeoutMs: 60_000 });
  for (const { name, run } of cases.filter((each) => each.name.startsWith('RS-3.03')))
    it(name, run);
});
