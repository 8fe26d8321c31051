import { describe, expect, it } from '@jest/globals';
import { trackLeaks } from '../support/leaks.ts';
import { at, Bench, failure, id } from './fixture.ts';

const minute = 60_000;

/** A manager with `a`, the only dial of which has failed. */
function failed(options = {}, error = failure()): Bench {
  const bench = new Bench({ addresses: [at('a')], ...options }).dial();
  bench.manager.dialFailed(at('a'), error);
  bench.newDials();
  return bench;
}

describe('PeerManager: a peer that becomes persistent', () => {
  it('is dialed again although retries are off', () => {
    const bench = failed({ retryMinMs: 0, retryMaxPersistentMs: 5 * minute });
    bench.time.advance(60 * minute);
    expect(bench.newDials()).toEqual([]);
    bench.manager.setPersistent(id('a'), true);
    bench.time.advance(5 * minute);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('is dialed again although it was incompatible', () => {
    const bench = failed({ retryMinMs: 1_000 }, failure('RXMESH_INCOMPATIBLE'));
    bench.manager.setPersistent(id('a'), true);
    bench.time.advance(1_000);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('waits no longer than persistent peers do', () => {
    const bench = failed({ retryMinMs: 1_000, retryMaxMs: 60 * minute });
    for (let n = 0; n < 20; n += 1) {
      bench.time.advance(60 * minute);
      bench.manager.dialFailed(at('a'), failure());
    }
    bench.newDials();
    bench.manager.setPersistent(id('a'), true);
    bench.time.advance(5 * minute);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('is dialed at its other addresses, too, if an address is added as persistent', () => {
    const bench = failed({ retryMinMs: 0 });
    bench.manager.add(at('a', 'other'), { isPersistent: true });
    expect(bench.newDials()).toEqual(['a@other']);
    bench.manager.dialFailed(at('a', 'other'), failure());
    bench.time.advance(5 * minute);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });
});

trackLeaks();
