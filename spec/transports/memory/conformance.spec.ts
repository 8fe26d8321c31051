import { describe, it } from '@jest/globals';
import { Identity } from '../../../lib/model/identity.ts';
import { transportConformance, type TransportSetup } from '../../../lib/testing/index.ts';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../../transports/memory/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { pollingClock } from '../../support/polling-clock.ts';

const setup = (options: MemoryNetworkOptions): TransportSetup => ({
  networked: false,
  clock: pollingClock,
  open: () => {
    const network = new MemoryNetwork(options);
    const node = (seed: number) => {
      const identity = Identity.fromSeed(new Uint8Array(32).fill(seed));
      return { identity, transport: network.transport(identity.id) };
    };
    return { a: node(1), b: node(2) };
  },
});

const networks: readonly MemoryNetworkOptions[] = [
  { protection: 'proven' },
  { protection: 'encrypted' },
  { protection: 'trusted' },
  { protection: 'proven', latencyMs: 2 },
];

describe.each(networks)('TM-01 the memory transport, %j', (options) => {
  for (const { name, run } of transportConformance(setup(options))) it(name, run);
});

trackLeaks();
