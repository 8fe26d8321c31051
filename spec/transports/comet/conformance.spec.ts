import { describe, expect, it } from '@jest/globals';
import { Identity } from '../../../lib/model/identity.ts';
import {
  transportConformance,
  type TransportNode,
  type TransportSetup,
} from '../../../lib/testing/index.ts';
import { comet, type CometOptions } from '../../../transports/comet/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { patienceMs } from '../../support/until.ts';

/** Nodes that announce the protocol version of the suite's node infos. */
function setup(options: CometOptions): TransportSetup {
  const node = (seed: number): TransportNode => ({
    identity: Identity.fromSeed(new Uint8Array(32).fill(seed)),
    transport: comet({ p2pVersion: 1, ...options }),
  });
  return { networked: true, timeoutMs: patienceMs, open: () => ({ a: node(1), b: node(2) }) };
}

/** The cases that this wire does not allow, and why. The default packets add one. */
const exempt: Readonly<Record<string, string>> = {
  'T-12 a connection that is closed with a reason tells it to the side that dialed':
    'before the handshake, and after it, CometBFT has no words for a reason',
};
const exemptWithSmallPackets: Readonly<Record<string, string>> = {
  ...exempt,
  'FLOW-3 a reader that stalls makes the writer unwritable; when it goes on, nothing is lost':
    'it gives up after 2,048 records, 4 MiB here, which fit in the buffers of two kernels',
};

function conform(options: CometOptions, exemptions: Readonly<Record<string, string>>): void {
  const cases = transportConformance(setup(options));
  it('is exempt only from cases that exist', () => {
    const names = cases.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(exemptions)));
  });
  for (const { name, run } of cases) if (exemptions[name] === undefined) it(name, run);
}

describe('the CometBFT transport on every interface', () => {
  conform({ listen: {} }, exemptWithSmallPackets);
});

describe('the CometBFT transport on 127.0.0.1, with large packets that do not wait', () => {
  conform({ listen: { host: '127.0.0.1' }, packetBytesMax: 16_384, flushMs: 0 }, exempt);
});

trackLeaks();
