import { describe, expect, it } from '@jest/globals';
import { filter, range, Subject } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { block, dropNewest, dropOldest, fail, latest } from '../../lib/flow/strategy.ts';
import { onBackpressure, type OnBackpressureOptions } from '../../operators/on-backpressure.ts';
import type { LaneOptions } from '../../lib/flow/strategy.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';

/** A source, and a consumer with demand behind `onBackpressure`. */
function stage<T>(strategy: LaneOptions, options: OnBackpressureOptions<T> = {}) {
  const source = new Subject<T>();
  const dropped: T[] = [];
  const flow = onBackpressure<T>(strategy, { onDrop: (v) => dropped.push(v), ...options })(source);
  return { source, dropped, flow, ...consume(flow) };
}

describe('onBackpressure', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('       -a-b-c-d-|     ');
      const subscription = '     ^--------!     ';
      const requests = hot('     ----------1-2--');
      const result = '           ----------c-(d|)';
      const drops = '            -----a-b-------';
      const dropped = new Subject<string>();
      const out = new Subject<string>();
      expectObservable(out).toBe(result);
      expectObservable(dropped).toBe(drops);
      const flow = onBackpressure<string>(dropOldest(2), { onDrop: (v) => dropped.next(v) })(
        source,
      );
      const demand = flow.consume(out);
      requests.subscribe((count) => demand.request(Number(count)));
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('passes everything to an ordinary subscriber', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -(abc)-d--|');
      const subscription = '  ^---------!';
      const result = '        -(abc)-d--|';
      expectObservable(source.pipe(onBackpressure(dropOldest(1)))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['dropOldest', dropOldest(2), [3, 4], [1, 2]],
    ['dropNewest', dropNewest(2), [1, 2], [3, 4]],
    ['latest', latest(), [4], [1, 2, 3]],
  ])('%s', (_, strategy, passed, lost) => {
    const { source, dropped, heard, demand } = stage<number>(strategy);
    for (const value of [1, 2, 3, 4]) source.next(value);
    expect(heard).toEqual([]);
    demand.request(5);
    expect(heard).toEqual(passed);
    expect(dropped).toEqual(lost);
    source.next(5);
    source.complete();
    expect(heard).toEqual([...passed, 5, '|']);
  });

  it('fails when a `fail` lane is full, and reports everything lost', () => {
    const { source, dropped, heard } = stage<number>(fail(2));
    for (const value of [1, 2, 3, 4]) source.next(value);
    expect(heard).toEqual(['RXMESH_OVERFLOW']);
    expect(dropped).toEqual([1, 2, 3]);
    expect(source.observed).toBe(false);
  });

  it('keeps the newest value of each key, in the order of the keys', () => {
    const key = (value: string): string | undefined => value[0];
    const { source, dropped, heard, demand } = stage<string>(latest(), { key });
    for (const value of ['a1', 'b1', 'a2']) source.next(value);
    demand.request(1);
    source.next('a3');
    demand.request(5);
    expect(heard).toEqual(['a2', 'b1', 'a3']);
    expect(dropped).toEqual(['a1']);
  });

  it('drops the value of the oldest key when there are too many: 1,024 by default', () => {
    const { source, dropped, heard, demand } = stage<number>(latest(), { key: (value) => value });
    for (let i = 0; i < 1026; i += 1) source.next(i);
    demand.request(1);
    expect([dropped, heard]).toEqual([[0, 1], [2]]);
    const few = stage<number>(latest(), { key: (value) => value, keysMax: 1 });
    few.source.next(1);
    few.source.next(2);
    expect(few.dropped).toEqual([1]);
  });

  it('delivers waiting values before completion, but not before an error', () => {
    const ended = stage<number>(dropOldest(4));
    ended.source.next(1);
    ended.source.complete();
    expect(ended.heard).toEqual([]);
    ended.demand.request(1);
    expect(ended.heard).toEqual([1, '|']);
    const failed = stage<number>(dropOldest(4));
    failed.source.next(1);
    failed.source.error(new Error('late'));
    expect(failed.heard).toEqual(['Error: late']);
    expect(failed.dropped).toEqual([1]);
  });

  it('queues a value that arrives while another one is being delivered', () => {
    const source = new Subject<number>();
    const { heard, demand } = consume(onBackpressure<number>(fail(2))(source), (value) => {
      expect(heard.at(-1)).toBe(value);
      if (value < 4) source.next(value * 2);
    });
    demand.request(2);
    source.next(1);
    expect(heard).toEqual([1, 2]);
    demand.request(2);
    expect(heard).toEqual([1, 2, 4]);
  });

  it('holds back completion while a value is being delivered', () => {
    const source = new Subject<number>();
    const { heard, demand } = consume(onBackpressure<number>(fail(2))(source), (value) => {
      if (value === 1) {
        source.next(2);
        source.complete();
      }
      heard.push('returned');
    });
    demand.request(5);
    source.next(1);
    expect(heard).toEqual([1, 'returned', 2, 'returned', '|']);
  });

  it('unsubscribes early, even from an endless source', () => {
    const { source, heard, demand } = stage<number>(fail(1));
    source.next(1);
    demand.unsubscribe();
    expect(source.observed).toBe(false);
    expect(heard).toEqual([]);
    const { heard: overflown } = consume(onBackpressure<number>(fail(3))(range(0, Infinity)));
    expect(overflown).toEqual(['RXMESH_OVERFLOW']);
  });
});

describe('onBackpressure(block(n))', () => {
  it('requests values so that at most n wait, half of them at a time', () => {
    const numbers = new Numbers(100);
    const { heard, demand } = consume(onBackpressure<number>(block(4))(flowFrom(numbers)));
    expect(numbers.calls).toBe(4);
    demand.request(1);
    expect([heard.length, numbers.calls]).toEqual([1, 4]);
    demand.request(1);
    expect([heard.length, numbers.calls]).toEqual([2, 6]);
    demand.request(50);
    expect(heard).toEqual(Array.from({ length: 52 }, (_, i) => i));
    expect(numbers.calls - heard.length).toBeLessThanOrEqual(4);
  });

  it('works on flows only', () => {
    expect(() => range(0, 3).pipe(onBackpressure(block(4)))).toThrow(TypeError);
    const behind = flowFrom([1, 2, 3]).pipe(
      filter((n) => n > 1),
      onBackpressure(block(1)),
    );
    const { heard, demand } = consume(behind);
    demand.request(3);
    expect(heard).toEqual([2, 3, '|']);
  });
});

describe('the options of onBackpressure', () => {
  it.each([0, 1.5, NaN, 2 ** 20 + 1])('reject a keysMax of %d', (keysMax) => {
    expect(() => onBackpressure(latest(), { key: String, keysMax })).toThrow(RangeError);
  });

  it('allow key only with latest(), and a strategy only from its function', () => {
    expect(() => onBackpressure(dropOldest(2), { key: String })).toThrow(TypeError);
    expect(() => onBackpressure('latest' as never)).toThrow(TypeError);
  });
});

trackLeaks();
