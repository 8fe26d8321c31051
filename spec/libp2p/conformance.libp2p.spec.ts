import { describe, it } from '@jest/globals';
import { transportConformance, type TransportSetup } from '../../lib/testing/index.ts';
import { make, media, type Medium } from './nodes.ts';
import { patienceMs } from '../support/until.ts';

const setup = (medium: Medium, sameKey: boolean): TransportSetup => ({
  networked: medium !== 'memory',
  timeoutMs: patienceMs,
  dialsItself: false,
  knowsLocal: false,
  open: async () => {
    const [a, b] = await Promise.all([make(medium, 1, { sameKey }), make(medium, 2, { sameKey })]);
    const dispose = async (): Promise<void> => {
      await Promise.all([a.node.stop(), b.node.stop()]);
    };
    return { a, b, dispose };
  },
});

const cases = (Object.keys(media) as Medium[]).flatMap((medium) =>
  [false, true].map((sameKey) => ({ medium, sameKey })),
);

describe.each(cases)('over libp2p, $medium, same key: $sameKey', ({ medium, sameKey }) => {
  for (const { name, run } of transportConformance(setup(medium, sameKey))) it(name, run);
});
