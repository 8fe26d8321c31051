import { expect, it } from '@jest/globals';
import { Identity } from '../../../lib/model/identity.ts';
import {
  transportConformance,
  type TransportNode,
  type TransportSetup,
} from '../../../lib/testing/index.ts';
import { comet, type CometOptions } from '../../../transports/comet/index.ts';
import { patienceMs } from '../../support/until.ts';

/** Nodes that announce the protocol version of the suite's node infos. */
function setup(options: CometOptions): TransportSetup {
  const node = (seed: number): TransportNode => ({
    identity: Identity.fromSeed(new Uint8Array(32).fill(seed)),
    transport: comet({ p2pVersion: 1, ...options }),
  });
  return { networked: true, timeoutMs: patienceMs, open: () => ({ a: node(1), b: node(2) }) };
}

/** The cases that this wire does not allow, and why. */
export const exempt: Readonly<Record<string, string>> = {
  'T-12 a connection that is closed with a reason tells it to the side that dialed':
    'before the handshake, and after it, CometBFT has no words for a reason',
};

/** Runs the suite, without the cases that are exempt. */
export function conforms(
  options: CometOptions,
  exemptions: Readonly<Record<string, string>>,
): void {
  const cases = transportConformance(setup(options));
  it('is exempt only from cases that exist', () => {
    const names = cases.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(exemptions)));
  });
  for (const { name, run } of cases) if (exemptions[name] === undefined) it(name, run);
}
