import { describe, it } from '@jest/globals';
import { transportConformance } from '../../../lib/testing/index.ts';
import { certificate, certificateKey } from '../../support/certificate.ts';
import { releases, setup } from './support.ts';
import { trackLeaks } from '../../support/leaks.ts';

releases();

describe('the WebSocket transport on 127.0.0.1, with zero masks', () => {
  const pairs = setup(() => ({ listen: { host: '127.0.0.1' }, dial: { zeroMask: true } }));
  for (const { name, run } of transportConformance(pairs)) it(name, run);
});

describe('the WebSocket transport over TLS', () => {
  const pairs = setup(() => ({
    listen: { host: '127.0.0.1', tls: { cert: certificate, key: certificateKey } },
    dial: { tls: { ca: certificate, servername: 'mesh.test' } },
  }));
  for (const { name, run } of transportConformance(pairs)) it(name, run);
});

trackLeaks();
