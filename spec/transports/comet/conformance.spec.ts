import { describe } from '@jest/globals';
import { trackLeaks } from '../../support/leaks.ts';
import { conforms, exempt } from './conforms.ts';

/** The default packets add one. */
const exemptWithSmallPackets: Readonly<Record<string, string>> = {
  ...exempt,
  'FLOW-3 a reader that stalls makes the writer unwritable; when it goes on, nothing is lost':
    'it gives up after 2,048 records, 4 MiB here, which fit in the buffers of two kernels',
};

// With large packets: conformance.slow.spec.ts.
describe('the CometBFT transport on every interface', () => {
  conforms({ listen: {} }, exemptWithSmallPackets);
});

trackLeaks();
