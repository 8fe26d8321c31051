import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { config, Subject } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import {
  block,
  dropNewest,
  dropOldest,
  fail,
  type LaneOptions,
  latest,
} from '../../lib/flow/strategy.ts';
import { shareFlow } from '../../operators/share-flow.ts';
import { askedFlow } from '../support/asked-flow.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';
import { until } from '../support/until.ts';
import { runs } from '../support/runs.ts';

/** A fast and a slow consumer of 0, 1, 2 and so on, and the values they miss. */
function stage(buffer: LaneOptions, count = Infinity) {
  const numbers = new Numbers(count);
  const dropped: number[] = [];
  const onDrop = (value: number): unknown => dropped.push(value);
  const shared = flowFrom(numbers).pipe(shareFlow({ buffer, onDrop }));
  const [fast, slow] = [consume(shared), consume(shared)];
  const leave = (): void => [fast, slow].forEach(({ demand }) => demand.unsubscribe());
  return { numbers, dropped, shared, fast, slow, leave };
}

describe('shareFlow with a buffer', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable }) => {
      const aRequests = hot('3----------');
      const bRequests = hot('---------2-');
      const aResult = '      (abc)------';
      const bResult = '      ---------(bc)';
      const drops = '        a----------';
      const [a, b, dropped] = [new Subject<string>(), new Subject<string>(), new Subject<string>()];
      expectObservable(a).toBe(aResult);
      expectObservable(b).toBe(bResult);
      expectObservable(dropped).toBe(drops);
      const options = { buffer: dropOldest(2), onDrop: (value: string) => dropped.next(value) };
      const shared = flowFrom('abc').pipe(shareFlow(options));
      const [aDemand, bDemand] = [shared.consume(a), shared.consume(b)];
      aRequests.subscribe((count) => aDemand.request(Number(count)));
      bRequests.subscribe((count) => bDemand.request(Number(count)));
    });
  });

  it.each([block(2), dropOldest(2), dropNewest(2), latest(), fail(2)])(
    '$strategy requests nothing without demand, so that a single consumer misses nothing',
    (buffer) => {
      const { numbers, dropped, fast, slow } = stage(buffer);
      expect(numbers.calls).toBe(0);
      slow.demand.unsubscribe();
      for (let i = 0; i < 20; i += 1) fast.demand.request(1);
      expect([fast.heard, numbers.calls, dropped]).toEqual([
        Array.from({ length: 20 }, (_, i) => i),
        20,
        [],
      ]);
      fast.demand.unsubscribe();
      expect(numbers.open).toBe(0);
    },
  );

  it('block(n) lets a consumer fall n values behind and then holds back the others', () => {
    const { numbers, fast, slow, leave } = stage(block(3));
    fast.demand.request(10);
    expect([fast.heard, slow.heard, numbers.calls]).toEqual([[0, 1, 2], [], 3]);
    slow.demand.request(1);
    expect([fast.heard, slow.heard]).toEqual([[0, 1, 2, 3], [0]]);
    slow.demand.request(5);
    expect([fast.heard, slow.heard]).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
      [0, 1, 2, 3, 4, 5],
    ]);
    fast.demand.request(3);
    slow.demand.unsubscribe();
    expect([fast.heard.length, numbers.calls]).toEqual([13, 13]);
    leave();
    expect(numbers.open).toBe(0);
  });

  it.each([
    ['dropOldest', dropOldest(2), [4, 5], [0, 1, 2, 3]],
    ['dropNewest', dropNewest(2), [0, 1], [2, 3, 4, 5]],
    ['latest', latest(), [5], [0, 1, 2, 3, 4]],
  ])(
    '%s: each consumer has its own pace, and a slow one misses values',
    (_, buffer, got, missed) => {
      const { numbers, dropped, fast, slow, leave } = stage(buffer);
      fast.demand.request(6);
      expect([fast.heard, slow.heard, dropped]).toEqual([[0, 1, 2, 3, 4, 5], [], missed]);
      slow.demand.request(got.length);
      expect([slow.heard, numbers.calls]).toEqual([got, 6]);
      slow.demand.request(1);
      expect([slow.heard.at(-1), fast.heard.length, numbers.calls]).toEqual([6, 6, 7]);
      leave();
      expect(numbers.open).toBe(0);
    },
  );

  it('fail(n) errors only a consumer that falls further behind, and reports what it loses', () => {
    const { numbers, dropped, fast, slow, leave } = stage(fail(2), 5);
    fast.demand.request(2);
    expect([slow.heard, dropped]).toEqual([[], []]);
    fast.demand.request(1);
    expect([slow.heard, dropped]).toEqual([['RXMESH_OVERFLOW'], [0, 1, 2]]);
    fast.demand.request(3);
    expect(fast.heard).toEqual([0, 1, 2, 3, 4, '|']);
    leave();
    expect(numbers.open).toBe(0);
  });

  it('unsubscribes from its source when the only remaining consumer fails', () => {
    const source = askedFlow();
    const shared = source.flow.pipe(shareFlow({ buffer: fail(1) }));
    const [a, b] = [consume(shared), consume(shared)];
    a.demand.request(9);
    source.emit(1);
    a.demand.unsubscribe();
    source.emit(2);
    expect([b.heard, source.isLeft()]).toEqual([['RXMESH_OVERFLOW'], true]);
  });

  it.each(['complete', 'error'] as const)('ends after what waits: %s', (end) => {
    const source = askedFlow();
    const dropped: number[] = [];
    const onDrop = (value: number): unknown => dropped.push(value);
    const shared = source.flow.pipe(shareFlow({ buffer: dropOldest(4), onDrop }));
    const [a, b] = [consume(shared), consume(shared)];
    a.demand.request(9);
    source.emit(1, 2);
    source[end]('broken');
    const last = end === 'error' ? 'broken' : '|';
    expect([a.heard, b.heard]).toEqual([[1, 2, last], []]);
    b.demand.request(1);
    expect(b.heard).toEqual([1]);
    b.demand.request(1);
    expect([b.heard, dropped]).toEqual([[1, 2, last], []]);
  });

  it('queues a value for a consumer that joined after it was requested', () => {
    const source = askedFlow();
    const shared = source.flow.pipe(shareFlow({ buffer: block(1) }));
    const a = consume(shared);
    a.demand.request(9);
    const b = consume(shared);
    source.emit(1);
    expect([a.heard, b.heard, source.requests]).toEqual([[1], [], [1]]);
    b.demand.request(1);
    expect([b.heard, source.requests]).toEqual([[1], [1, 1]]);
    for (const { demand } of [a, b]) demand.unsubscribe();
  });

  it('reports a value to onDrop once for each consumer that misses it', () => {
    const dropped: number[] = [];
    const onDrop = (value: number): unknown => dropped.push(value);
    const shared = flowFrom([1, 2, 3]).pipe(shareFlow({ buffer: latest(), onDrop }));
    const slow = [consume(shared), consume(shared)];
    shared.subscribe();
    expect(dropped).toEqual([1, 1, 2, 2]);
    for (const { demand, heard } of slow) {
      demand.request(1);
      expect(heard).toEqual([3, '|']);
    }
  });

  it('serves a consumer that `onDrop` makes request, leave or join', () => {
    const source = askedFlow();
    let dropped = 0;
    const late: ReturnType<typeof consume>[] = [];
    const onDrop = (value: number): void => {
      dropped += 1;
      if (value === 1) late.push(consume(shared));
      if (value === 2) slow.demand.unsubscribe();
    };
    const shared = source.flow.pipe(shareFlow({ buffer: latest(), onDrop }));
    const [fast, slow] = [consume(shared), consume(shared)];
    fast.demand.request(9);
    source.emit(1, 2, 3);
    expect([fast.heard, slow.heard, dropped]).toEqual([[1, 2, 3], [], 2]);
    late[0]?.demand.request(1);
    expect(late[0]?.heard).toEqual([3]);
    for (const { demand } of [fast, ...late]) demand.unsubscribe();
    expect(source.isLeft()).toBe(true);
  });

  it('delivers or reports every value to every consumer, in order, for any requests at any time', () => {
    const step = fc.record({ who: fc.integer({ min: 0, max: 2 }), count: fc.nat(4) });
    const lanes = fc.constantFrom(block(2), dropOldest(2), dropNewest(2), latest(), undefined);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), lanes, (steps, buffer) => {
        const numbers = new Numbers(40);
        let missed = 0;
        const options = { ...(buffer && { buffer }), onDrop: () => (missed += 1) };
        const shared = flowFrom(numbers).pipe(shareFlow(options));
        const consumers = [consume(shared), consume(shared), consume(shared)];
        const requested = [0, 0, 0];
        for (const { who, count } of steps) {
          if (count === 0) continue;
          consumers[who]?.demand.request(count);
          requested[who] = (requested[who] ?? 0) + count;
          const most = consumers.map(({ heard }, i) => heard.length - (requested[i] ?? 0));
          expect(Math.max(...most)).toBeLessThanOrEqual(1);
        }
        for (const { demand } of consumers) demand.request(Infinity);
        let total = 0;
        for (const { heard } of consumers) {
          expect(heard.pop()).toBe('|');
          expect(heard).toEqual([...new Set(heard)].sort((a, b) => Number(a) - Number(b)));
          total += heard.length;
        }
        expect([total + missed, numbers.calls, numbers.open]).toEqual([3 * 40, 41, 0]);
        const isLossless = buffer === undefined || buffer.strategy === 'block';
        if (isLossless) expect(missed).toBe(0);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('an error thrown by `onDrop` when a lane overflows', () => {
  let unhandled: unknown[] = [];
  beforeEach(() => {
    unhandled = [];
    config.onUnhandledError = (error) => unhandled.push(error);
  });
  afterEach(() => {
    config.onUnhandledError = null;
  });

  it('is reported, since the consumer gets the overflow', async () => {
    const mistake = new Error('onDrop');
    const onDrop = (): never => {
      throw mistake;
    };
    const shared = flowFrom([1, 2]).pipe(shareFlow({ buffer: fail(1), onDrop }));
    const slow = consume(shared);
    shared.subscribe();
    await until(() => unhandled.length > 0);
    // One error for the waiting value, and one for the value without a place.
    expect([slow.heard, unhandled]).toEqual([['RXMESH_OVERFLOW'], [mistake, mistake]]);
  });
});

trackLeaks();
