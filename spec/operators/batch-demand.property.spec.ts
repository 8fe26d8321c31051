import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { filter, from, Subject, tap } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { dropOldest } from '../../lib/flow/strategy.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { batch } from '../../operators/batch.ts';
import { onBackpressure } from '../../operators/on-backpressure.ts';
import { askedFlow } from '../support/asked-flow.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';
import { runs, size } from '../support/runs.ts';

describe('batch behind a flow', () => {
  it('does what this marble shows', () => {
    marbles(({ hot, clock, expectObservable }) => {
      const requests = hot('-1----2-----');
      const taken = '       -(ab)-(cde) ';
      const result = '      -A----(BE|) ';
      const log = new Subject<string>();
      const out = new Subject<readonly string[]>();
      expectObservable(log).toBe(taken);
      expectObservable(out).toBe(result, { A: ['a', 'b'], B: ['c', 'd'], E: ['e'] });
      const source = flowFrom('abcde').pipe(tap((value) => log.next(value)));
      const demand = source.pipe(batch({ max: 2, clock })).consume(out);
      requests.subscribe((count) => demand.request(Number(count)));
    });
  });

  it('requests enough for one batch at a time, and nothing without demand', () => {
    const source = askedFlow();
    const { heard, demand } = consume(source.flow.pipe(batch({ max: 3 })));
    expect(source.requests).toEqual([]);
    demand.request(2);
    expect(source.requests).toEqual([3]);
    source.emit(1, 2, 3);
    expect([heard, source.requests]).toEqual([[[1, 2, 3]], [3, 3]]);
    source.emit(4, 5, 6);
    expect([heard.length, source.requests]).toEqual([2, [3, 3]]);
    demand.request(1);
    expect(source.requests).toEqual([3, 3, 3]);
    demand.unsubscribe();
    expect(source.isLeft()).toBe(true);
  });

  it('uses values already requested once its time is up, and requests the rest', () => {
    const clock = new VirtualClock();
    const source = askedFlow();
    const { heard, demand } = consume(source.flow.pipe(batch({ max: 5, ms: 10, clock })));
    demand.request(1);
    source.emit(1, 2);
    clock.advance(10);
    expect([heard, source.requests]).toEqual([[[1, 2]], [5]]);
    source.emit(3);
    clock.advance(10);
    source.emit(4);
    // Without demand, the batch keeps growing.
    expect([heard.length, clock.dueTimesMs]).toEqual([1, []]);
    demand.request(1);
    expect([heard, source.requests]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [5],
    ]);
    demand.request(1);
    // One value is outstanding.
    expect(source.requests).toEqual([5, 4]);
    demand.unsubscribe();
  });

  it('on completion delivers the values gathered so far once requested', () => {
    const completed = askedFlow();
    const { heard, demand } = consume(completed.flow.pipe(batch({ max: 5 })));
    demand.request(1);
    completed.emit(1, 2);
    completed.complete();
    expect(heard).toEqual([[1, 2], '|']);
    const clock = new VirtualClock();
    const failed = askedFlow();
    const other = consume(failed.flow.pipe(batch({ max: 5, ms: 10, clock })));
    other.demand.request(1);
    failed.emit(1);
    clock.advance(10);
    failed.emit(2);
    failed.error(new Error('broken'));
    expect([other.heard, clock.dueTimesMs]).toEqual([[[1]], []]);
    other.demand.request(1);
    expect(other.heard).toEqual([[1], [2], 'Error: broken']);
  });

  it('uses no stack for batches requested within `next`', () => {
    const many = size(100_000, 20_000);
    const numbers = new Numbers(3 * many);
    const { heard, demand } = consume(flowFrom(numbers).pipe(batch({ max: 3 })), () => {
      demand.request(1);
    });
    demand.request(1);
    expect([heard.length, heard.at(-2), heard.at(-1)]).toEqual([
      many + 1,
      [3 * many - 3, 3 * many - 2, 3 * many - 1],
      '|',
    ]);
    expect(numbers.open).toBe(0);
  });

  it('keeps a value that arrives within `next` for the next batch', () => {
    const clock = new VirtualClock();
    const source = askedFlow();
    const { heard, demand } = consume(source.flow.pipe(batch({ max: 4, ms: 5, clock })), () => {
      if (heard.length === 1) {
        source.emit(2, 3);
        clock.advance(5);
      }
      heard.push('returned');
    });
    demand.request(9);
    source.emit(1);
    clock.advance(5);
    expect(heard).toEqual([[1], 'returned', [2, 3], 'returned']);
    // The outstanding values, and those that a batch still holds.
    expect(source.requests.reduce((sum, count) => sum + count)).toBe(3 + 4);
    demand.unsubscribe();
  });

  it('carries demand through operators on both sides', () => {
    const numbers = new Numbers(100);
    const { heard, demand } = consume(
      flowFrom(numbers).pipe(
        filter((value) => value % 2 === 0),
        batch({ max: 2 }),
        filter(([first = 0]) => first % 8 === 0),
      ),
    );
    demand.request(2);
    expect([heard, numbers.calls]).toEqual([
      [
        [0, 2],
        [8, 10],
      ],
      11,
    ]);
    demand.unsubscribe();
    expect(numbers.open).toBe(0);
  });

  it('loses and repeats nothing, and never requests more than fits, in any order of events', () => {
    const step = fc.oneof(
      fc.constantFrom<'emit' | 'time'>('emit', 'time'),
      fc.constant<'emit'>('emit'),
      fc.integer({ min: 1, max: 3 }),
    );
    const steps = fc.array(step, { maxLength: 100 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (given, max) => {
        const clock = new VirtualClock();
        const source = askedFlow();
        const { heard, demand } = consume(source.flow.pipe(batch({ max, ms: 3, clock })));
        let [emitted, requested] = [0, 0];
        for (const each of given) {
          const outstanding = source.requests.reduce((sum, n) => sum + n, 0) - emitted;
          if (typeof each === 'number') {
            requested += each;
            demand.request(each);
          } else if (each === 'time') clock.advance(2);
          else if (outstanding > 0) source.emit(emitted++);
          const taken = heard.flat().length;
          const held = source.requests.reduce((sum, n) => sum + n, 0) - taken;
          expect(held).toBeLessThanOrEqual(max);
          expect(heard.length).toBeLessThanOrEqual(requested);
          expect(held + taken).toBeLessThanOrEqual(max * requested);
        }
        demand.request(Infinity);
        source.complete();
        expect(heard.pop()).toBe('|');
        expect(heard.flat()).toEqual(Array.from({ length: emitted }, (_, i) => i));
        expect(clock.dueTimesMs).toEqual([]);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('batch behind an Observable that is not a flow', () => {
  it('unsubscribes from an endless source when too much is waiting', () => {
    const numbers = new Numbers(Infinity);
    const { heard, demand } = consume(batch<number>({ max: 2 })(from(numbers)));
    demand.request(9);
    expect([heard, numbers.open]).toEqual([[[0, 1], [2, 3], 'RXMESH_OVERFLOW'], 0]);
  });

  it('holds back a batch completed within `next` until that returns', () => {
    const source = new Subject<number>();
    const { heard, demand } = consume(batch<number>({ max: 1 })(source), (values) => {
      if (String(values) === '1') source.next(2);
      heard.push('returned');
    });
    demand.request(5);
    source.next(1);
    source.complete();
    expect(heard).toEqual([[1], 'returned', [2], 'returned', '|']);
  });

  it('drops according to the lane in front of it', () => {
    const source = new Subject<number>();
    const { heard, demand } = consume(
      onBackpressure<number>(dropOldest(3))(source).pipe(batch({ max: 2 })),
    );
    for (let i = 0; i < 9; i += 1) source.next(i);
    source.complete();
    demand.request(9);
    expect(heard).toEqual([[6, 7], [8], '|']);
  });
});

trackLeaks();
