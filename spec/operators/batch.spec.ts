import { describe, expect, it } from '@jest/globals';
import { from, range, Subject, take } from 'rxjs';
import type { Demand, FlowSink } from '../../lib/flow/demand.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { batch } from '../../operators/batch.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';

/** Arrays in marble notation. */
const A = ['a', 'b'];
const overflow = (waiting: number): RxmeshError =>
  new RxmeshError(
    'RXMESH_OVERFLOW',
    `batch: the buffer of ${waiting} values is full: put onBackpressure in front of it`,
  );

describe('batch', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abc----d-----e|   ');
      const subscription = '  ^--------------!   ';
      const result = '        --A----B----C--(D|)';
      const values = { A, B: ['c'], C: ['d'], D: ['e'] };
      expectObservable(source.pipe(batch({ max: 2, ms: 4, clock }))).toBe(result, values);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['a source that never emits', '          -     ', '^    ', '-     '],
    ['an empty source', '                    --|   ', '^-!  ', '--|   '],
    ['one value', '                          -a--| ', '^---!', '----(1|)'],
    ['values that fill batches', '           -ab-ab|', '^-----!', '--A--A|'],
    ['a batch filled by the last value', '         -(ab|)', '^!   ', '-(A|)'],
    ['an error after gathered values', ' -a-#  ', '^--! ', '---(1#)'],
    ['an error, with nothing gathered', '    -ab-# ', '^---!', '--A-#'],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot(sourceMarbles.trim());
      const batches = source.pipe(batch({ max: 2, ms: 8, clock }));
      expectObservable(batches).toBe(result.trim(), { A, 1: ['a'] });
      expectSubscriptions(source.subscriptions).toBe(subscription.trim());
    });
  });

  it('waits for more values indefinitely if it has no time limit', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a 999ms b----');
      const subscription = '  ^-------------';
      const result = '        -- 999ms A----';
      expectObservable(source.pipe(batch({ max: 2 }))).toBe(result, { A });
      expectObservable(source.pipe(batch({ max: 2, ms: 0 }))).toBe(result, { A });
      expectSubscriptions(source.subscriptions).toBe([subscription, subscription]);
    });
  });

  it('starts the timer of a batch with its first value', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    ab-a--------b----a-|   ');
      const subscription = '  ^------------------!   ';
      const result = '        -A-----1--------2--(1|)';
      const batches = source.pipe(batch({ max: 2, ms: 4, clock }));
      expectObservable(batches).toBe(result, { A, 1: ['a'], 2: ['b'] });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('cancels its timer on an early unsubscribe', () => {
    const clock = new VirtualClock();
    const source = new Subject<number>();
    const heard: unknown[] = [];
    const options = { max: 9, ms: 50, clock };
    const subscription = source.pipe(batch(options)).subscribe((each) => heard.push(each));
    source.next(1);
    expect(clock.dueTimesMs).toEqual([50]);
    subscription.unsubscribe();
    expect([source.observed, clock.dueTimesMs, heard]).toEqual([false, [], []]);
  });

  it.each(['complete', 'error'] as const)('leaves no timer once its source has said %s', (end) => {
    const clock = new VirtualClock();
    const source = new Subject<number>();
    const heard: unknown[] = [];
    source.pipe(batch({ max: 2, ms: 50, clock })).subscribe({
      next: (values) => heard.push(values),
      error: (error: unknown) => heard.push(error),
      complete: () => heard.push('|'),
    });
    [1, 2, 3].forEach((value) => source.next(value));
    expect(clock.dueTimesMs).toEqual([50]);
    source[end]('broken');
    expect([heard, clock.dueTimesMs]).toEqual([
      [[1, 2], [3], end === 'error' ? 'broken' : '|'],
      [],
    ]);
  });

  it('emits a new array each time, for any values', () => {
    const heard: (readonly unknown[])[] = [];
    from([undefined, null, 0, NaN])
      .pipe(batch({ max: 2 }))
      .subscribe((values) => heard.push(values));
    expect(heard).toEqual([
      [undefined, null],
      [0, NaN],
    ]);
    expect(heard[0]).not.toBe(heard[1]);
  });

  it('gives its subscriber everything, whatever that makes the source emit meanwhile', () => {
    const source = new Subject<number>();
    const heard: unknown[] = [];
    source.pipe(batch({ max: 2 })).subscribe((values) => {
      heard.push(values);
      for (const value of values) if (value < 8) source.next(value * 2);
    });
    source.next(1);
    source.next(2);
    expect(heard).toEqual([
      [1, 2],
      [2, 4],
      [4, 8],
    ]);
  });

  it('stops an endless source', () => {
    const heard: unknown[] = [];
    range(0, Infinity)
      .pipe(batch({ max: 3 }), take(2))
      .subscribe((values) => heard.push(values));
    expect(heard).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it('uses the clock of a flow, and passes on its own', () => {
    const clock = new VirtualClock();
    const source = new Flow<number>(oneValue, undefined, { clock });
    expect(source.pipe(batch({ max: 2 })).clock).toBe(clock);
    const own = new VirtualClock();
    expect(source.pipe(batch({ max: 2, clock: own })).clock).toBe(own);
    const heard: unknown[] = [];
    source.pipe(batch({ max: 9, ms: 20 })).subscribe((values) => heard.push(values));
    clock.advance(19);
    expect(heard).toEqual([]);
    clock.advance(1);
    expect(heard).toEqual([[1]]);
  });
});

describe('batch on an Observable that is not a flow, consumed with demand', () => {
  it('holds one full batch and the values of the next', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abababab----a-|');
      const subscription = '  ^----!          ';
      const requests = hot('  ---------1-1-1--');
      const result = '        ---------A-(A#)-';
      const out = new Subject<readonly string[]>();
      expectObservable(out).toBe(result, { A }, overflow(4));
      const demand = batch<string>({ max: 2, ms: 5, clock })(source).consume(out);
      requests.subscribe((count) => demand.request(Number(count)));
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('delivers a batch on request if its time ran out without demand', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a------b-----------');
      const subscription = '  ^-----------------! ';
      const requests = hot('  -----2--------------');
      const result = '        -----1-----2--------';
      const out = new Subject<readonly string[]>();
      expectObservable(out).toBe(result, { 1: ['a'], 2: ['b'] });
      const demand = batch<string>({ max: 9, ms: 3, clock })(source).consume(out);
      requests.subscribe((count) => demand.request(Number(count)));
      clock.schedule(() => demand.unsubscribe(), 18);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });
});

/** Connects a flow that emits one value and never completes. */
function oneValue(sink: FlowSink<number>): Demand {
  let left = 1;
  return {
    request: () => {
      if (left-- > 0) sink.next(1);
    },
    unsubscribe: () => (left = 0),
  };
}

trackLeaks();
