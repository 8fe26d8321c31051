import { describe, it } from '@jest/globals';
import { Identity } from '../../../lib/model/identity.ts';
import { transportConformance, type TransportSetup } from '../../../lib/testing/index.ts';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../../transports/memory/index.ts';
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

/** Runs the suite for each of the networks. */
export function conforms(networks: readonly MemoryNetworkOptions[]): void {
  describe.each(networks)('TM-01 the memory transport, %j', (options) => {
    for (const { name, run } of transportConformance(setup(options))) it(name, run);
  });
}
