import { MessageChannel } from 'node:worker_threads';
import { describe, it } from '@jest/globals';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import { Identity } from '../../../lib/model/identity.ts';
import { transportConformance, type TransportSetup } from '../../../lib/testing/index.ts';
import { PortTransport } from '../../../transports/message-port/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { pollingClock } from '../../support/polling-clock.ts';
import { patienceMs } from '../../support/until.ts';

const setup: TransportSetup = {
  networked: false,
  timeoutMs: patienceMs,
  knowsLocal: false,
  clock: pollingClock,
  open: () => {
    const transports = new Map<string, PortTransport>();
    const made = (seed: number) => {
      const identity = Identity.fromSeed(new Uint8Array(32).fill(seed));
      const open = ({ path = '' }: Endpoint) => {
        const { port1, port2 } = new MessageChannel();
        transports.get(path)?.accept(port2);
        return port1;
      };
      const transport = new PortTransport({ id: identity.id, clock: pollingClock, open });
      transports.set(identity.id, transport);
      return { identity, transport };
    };
    return { a: made(1), b: made(2) };
  },
};

describe('the transport over message ports', () => {
  for (const { name, run } of transportConformance(setup)) it(name, run);
});

trackLeaks();
