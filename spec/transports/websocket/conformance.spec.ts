import { describe, it } from '@jest/globals';
import { transportConformance } from '../../../lib/testing/index.ts';
import { releases, setup } from './support.ts';
import { trackLeaks } from '../../support/leaks.ts';

releases();

/** With zero masks, and over TLS: conformance.slow.spec.ts. */
describe('the WebSocket transport on every interface', () => {
  const pairs = setup(() => ({ listen: {} }));
  for (const { name, run } of transportConformance(pairs)) it(name, run);
});

trackLeaks();
