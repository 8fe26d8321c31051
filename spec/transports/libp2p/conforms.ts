import { describe, it } from '@jest/globals';
import { Identity } from '../../../lib/model/identity.ts';
import { transportConformance, type TransportSetup } from '../../../lib/testing/index.ts';
import { libp2p } from '../../../transports/libp2p/index.ts';
import { pollingClock } from '../../support/polling-clock.ts';
import { fakeMultiaddr, FakeNetwork, FakeNode } from './fake.ts';
import { patienceMs } from '../../support/until.ts';

/** The suite over libp2p itself is in spec/libp2p. */
const setup = (place: (port: number) => string, sameKey: boolean): TransportSetup => ({
  networked: place(1).startsWith('/ip4'),
  timeoutMs: patienceMs,
  dialsItself: false,
  knowsLocal: false,
  clock: pollingClock,
  open: () => {
    const network = new FakeNetwork();
    const made = (seed: number) => {
      const identity = Identity.fromSeed(new Uint8Array(32).fill(seed));
      const node = new FakeNode(network, identity.publicKey, place(4_000 + seed));
      return { identity, transport: libp2p({ node, multiaddr: fakeMultiaddr, sameKey }) };
    };
    return { a: made(1), b: made(2) };
  },
});

export interface Place {
  readonly name: string;
  readonly place: (port: number) => string;
  readonly sameKey: boolean;
}

/** Runs the suite in each of the places. */
export function conforms(places: readonly Place[]): void {
  describe.each(places)(
    'the libp2p transport over a fake of $name, same key: $sameKey',
    ({ place, sameKey }) => {
      for (const { name, run } of transportConformance(setup(place, sameKey))) it(name, run);
    },
  );
}

export const tcp = (port: number): string => `/ip4/127.0.0.1/tcp/${port}`;
