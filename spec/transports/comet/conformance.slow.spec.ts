import { describe } from '@jest/globals';
import { trackLeaks } from '../../support/leaks.ts';
import { conforms, exempt } from './conforms.ts';

describe('the CometBFT transport on 127.0.0.1, with large packets that do not wait', () => {
  conforms({ listen: { host: '127.0.0.1' }, packetBytesMax: 16_384, flushMs: 0 }, exempt);
});

trackLeaks();
