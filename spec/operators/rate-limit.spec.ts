import { describe, expect, it } from '@jest/globals';
import { range, Subject, take } from 'rxjs';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { MachineClock } from '../support/machine-clock.ts';
import { rateLimit } from '../../operators/rate-limit.ts';
import { marbles } from '../support/marbles.ts';
import { trackLeaks } from '../support/leaks.ts';

describe('rateLimit', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abc-------d--|');
      const subscription = '  ^-------------!';
      const result = '        -ab--------d--|';
      const dropped = '       ---c           ';
      const drops = new Subject<string>();
      const onDrop = (value: string): void => drops.next(value);
      const limited = source.pipe(rateLimit({ perSecond: 100, burst: 2, onDrop, clock }));
      expectObservable(drops).toBe(dropped);
      expectObservable(limited).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['a token is available once its time is up', '  a---------b', '^', 'a---------b'],
    ['and not a millisecond earlier', '           a--------b-', '^', 'a----------'],
    ['a dropped value costs nothing', '          a--------bc', '^', 'a---------c'],
    [
      'a pause gives no more than the burst',
      '    -------------------------(abc)',
      '^',
      '-------------------------a',
    ],
    ['a source that never emits', '               -', '          ^', '-'],
    ['an empty source', '                         --|', '        ^-!', '--|'],
    ['one value', '                               -a|', '        ^-!', '-a|'],
    ['an error', '                                -a-#', '       ^--!', '-a-#'],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ cold, clock, expectObservable, expectSubscriptions }) => {
      const source = cold(sourceMarbles);
      expectObservable(source.pipe(rateLimit({ perSecond: 100, burst: 1, clock }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('unsubscribes early', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a-b-');
      const subscription = '  ^-!  ';
      const result = '        -a-  ';
      const limited = source.pipe(rateLimit({ perSecond: 1000, clock }));
      expectObservable(limited, subscription).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('passes a burst of one second by default', () => {
    const clock = new VirtualClock();
    const passed: number[] = [];
    range(0, 100)
      .pipe(rateLimit({ perSecond: 7, clock }))
      .subscribe((value) => passed.push(value));
    expect(passed).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('charges the cost of a value in full or not at all', () => {
    const clock = new VirtualClock();
    const source = new Subject<number>();
    const passed: number[] = [];
    const dropped: number[] = [];
    const options = { perSecond: 1000, burst: 100, cost: (bytes: number) => bytes, clock };
    source
      .pipe(rateLimit({ ...options, onDrop: (bytes) => dropped.push(bytes) }))
      .subscribe((bytes) => passed.push(bytes));
    for (const bytes of [101, 60, 41, 40, 0, 1]) source.next(bytes);
    expect(passed).toEqual([60, 40, 0]);
    expect(dropped).toEqual([101, 41, 1]);
    clock.advance(99);
    source.next(100);
    expect(dropped).toEqual([101, 41, 1, 100]);
    clock.advance(1);
    source.next(100);
    expect(passed).toEqual([60, 40, 0, 100]);
  });

  it('has a separate bucket for each subscription, full at first', () => {
    const clock = new VirtualClock();
    const source = new Subject<string>();
    const limited = source.pipe(rateLimit({ perSecond: 1, clock }));
    const passed: string[] = [];
    limited.subscribe((value) => passed.push(`1${value}`));
    source.next('a');
    limited.subscribe((value) => passed.push(`2${value}`));
    source.next('b');
    source.next('c');
    expect(passed).toEqual(['1a', '2b']);
  });

  it('limits each key separately; values without a key pass', () => {
    const clock = new VirtualClock();
    const source = new Subject<string>();
    const passed: string[] = [];
    const dropped: string[] = [];
    const key = (value: string): string | undefined => value[0];
    source
      .pipe(
        rateLimit({ perSecond: 10, burst: 2, key, clock, onDrop: (each) => dropped.push(each) }),
      )
      .subscribe((value) => passed.push(value));
    for (const value of ['a1', 'a2', 'a3', 'b1', '', '', '', 'a4', 'b2', 'b3']) source.next(value);
    expect(passed).toEqual(['a1', 'a2', 'b1', '', '', '', 'b2']);
    expect(dropped).toEqual(['a3', 'a4', 'b3']);
    clock.advance(100);
    for (const value of ['b4', 'a5', 'a6']) source.next(value);
    expect(passed.slice(7)).toEqual(['b4', 'a5']);
  });

  it('keeps at most 4,096 keys and forgets the one seen longest ago', () => {
    const clock = new VirtualClock();
    const source = new Subject<number>();
    const passed: number[] = [];
    source
      .pipe(rateLimit({ perSecond: 1, key: (value) => value, clock }))
      .subscribe((value) => passed.push(value));
    for (let key = 0; key < 4_096; key += 1) source.next(key);
    source.next(0);
    source.next(4_096);
    // Key 1 was displaced, because 0 had been seen again.
    source.next(0);
    source.next(1);
    expect(passed.slice(4_096)).toEqual([4_096, 1]);
  });

  it('rejects `key` for waiting', () => {
    const key = (): number => 0;
    expect(() => rateLimit({ perSecond: 1, key, excess: 'wait' })).toThrow(TypeError);
  });

  it('sets no timers', () => {
    const clock = new VirtualClock();
    new Subject().pipe(rateLimit({ perSecond: 1, clock })).subscribe();
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('limits what `onDrop` and its consumer make the source emit', () => {
    const clock = new VirtualClock();
    const source = new Subject<number>();
    const log: string[] = [];
    const onDrop = (value: number): void => {
      log.push(`drop ${value}`);
      if (value < 5) source.next(value + 1);
    };
    source.pipe(rateLimit({ perSecond: 2, onDrop, clock })).subscribe((value) => {
      log.push(`pass ${value}`);
      source.next(value + 1);
    });
    source.next(1);
    expect(log).toEqual(['pass 1', 'pass 2', 'drop 3', 'drop 4', 'drop 5']);
  });

  it('L-10 keeps its rate when its clock is set back', () => {
    const clock = new MachineClock();
    const source = new Subject<number>();
    let passed = 0;
    source.pipe(rateLimit({ perSecond: 10, burst: 1, clock })).subscribe(() => (passed += 1));
    for (let ms = 0; ms < 10_000; ms += 10) {
      if (ms % 1_000 === 500) clock.set(-3_600_000);
      source.next(ms);
      clock.advance(10);
    }
    // Each time the clock is set, the time since the last reading is lost.
    expect(passed).toBeGreaterThanOrEqual(98);
    expect(passed).toBeLessThanOrEqual(100);
  });

  it('uses the system clock by default', () => {
    const passed: number[] = [];
    range(0, 3)
      .pipe(rateLimit({ perSecond: 0.001, burst: 2 }))
      .subscribe((value) => passed.push(value));
    expect(passed).toEqual([0, 1]);
  });

  it.each([0, -1, NaN, Infinity])('rejects a rate or burst of %d', (value) => {
    expect(() => rateLimit({ perSecond: value })).toThrow(
      new RangeError(`rateLimit: perSecond must be a finite number above 0, got ${value}`),
    );
    expect(() => rateLimit({ perSecond: 1, burst: value })).toThrow(
      new RangeError(`rateLimit: burst must be a finite number above 0, got ${value}`),
    );
  });

  it('stops an endless source', () => {
    let passed = 0;
    range(0, Infinity)
      .pipe(rateLimit({ perSecond: 5, clock: new VirtualClock() }), take(3))
      .subscribe(() => (passed += 1));
    expect(passed).toBe(3);
  });
});

trackLeaks();
