import { describe, expect, it } from '@jest/globals';
import { NEVER, of, Subject } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { block, latest } from '../../lib/flow/strategy.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { batch } from '../../operators/batch.ts';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { dedupe } from '../../operators/dedupe.ts';
import { onBackpressure } from '../../operators/on-backpressure.ts';
import { rateLimit } from '../../operators/rate-limit.ts';
import { shareFlow } from '../../operators/share-flow.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { heapBytes } from '../support/garbage.ts';

describe('many values at once, without growing stack or memory', () => {
  it('64,000 through batch', async () => {
    const source = new Subject<object>();
    let count = 0;
    source.pipe(batch({ max: 64 })).subscribe((values) => (count += values.length));
    const before = await heapBytes();
    for (let i = 0; i < 64_000; i += 1) source.next({ i });
    expect((await heapBytes()) - before).toBeLessThan(1_000_000);
    expect(count).toBe(64_000);
  }, 60_000);

  it('50,000 keys through dedupe, which keeps no more than allowed', async () => {
    const source = new Subject<object>();
    let passed = 0;
    source
      .pipe(dedupe({ key: (value) => value, max: 1_000, ttlMs: 1e9 }))
      .subscribe(() => (passed += 1));
    const before = await heapBytes();
    for (let i = 0; i < 50_000; i++) source.next({ i });
    expect((await heapBytes()) - before).toBeLessThan(1_000_000);
    expect(passed).toBe(50_000);
  }, 60_000);

  it('50,000 through rateLimit', async () => {
    const clock = new VirtualClock();
    const source = new Subject<object>();
    let passed = 0;
    let dropped = 0;
    const onDrop = (): unknown => (dropped += 1);
    source.pipe(rateLimit({ perSecond: 25_000, onDrop, clock })).subscribe(() => (passed += 1));
    const before = await heapBytes();
    for (let i = 0; i < 50_000; i++) source.next({ i });
    expect((await heapBytes()) - before).toBeLessThan(1_000_000);
    expect([passed, dropped]).toEqual([25_000, 25_000]);
  }, 60_000);

  it('50,000 through shareFlow, from a synchronous source', async () => {
    const numbers = new Numbers(50_000);
    const shared = flowFrom(numbers).pipe(shareFlow({ buffer: block(16) }));
    let count = 0;
    const slow = consume(shared.pipe(onBackpressure(latest())));
    const before = await heapBytes();
    shared.subscribe(() => (count += 1));
    expect((await heapBytes()) - before).toBeLessThan(1_000_000);
    slow.demand.request(1);
    expect([count, slow.heard]).toEqual([50_000, [49_999, '|']]);
  }, 60_000);

  it.each([['a key'], ['many keys']])(
    '60,000 of %s through boundedMergeMap that complete synchronously',
    async (what) => {
      const half = 30_000;
      const options = { concurrency: 4, key: (n: number) => (what === 'a key' ? 0 : n) };
      let count = 0;
      const source = new Subject<number>();
      const before = await heapBytes();
      flowFrom(new Numbers(half))
        .pipe(boundedMergeMap((value) => of(value), options))
        .subscribe(() => (count += 1));
      source.pipe(boundedMergeMap((value) => of(value), options)).subscribe(() => (count += 1));
      for (let i = 0; i < half; i += 1) source.next(i);
      expect((await heapBytes()) - before).toBeLessThan(1_000_000);
      expect(count).toBe(2 * half);
    },
    60_000,
  );
});

describe('boundedMergeMap with a key, on a flow', () => {
  it('is bounded even without a concurrency', () => {
    const numbers = new Numbers(Infinity);
    const started: number[] = [];
    const project = (value: number): typeof NEVER => {
      started.push(value);
      return NEVER;
    };
    const options = { concurrency: Infinity, key: () => 'all' };
    const subscription = flowFrom(numbers).pipe(boundedMergeMap(project, options)).subscribe();
    expect([started, numbers.calls]).toEqual([[0], 2 ** 20 + 1]);
    subscription.unsubscribe();
    expect(numbers.open).toBe(0);
  });
});
