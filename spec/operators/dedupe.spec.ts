import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { from, map, range, Subject } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { MachineClock } from '../support/machine-clock.ts';
import { dedupe, type DedupeOptions } from '../../operators/dedupe.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';

// envelopes.spec.ts covers completion, errors of the source and a `key` that throws.

const key = <T>(value: T): T => value;

describe('dedupe', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a-b-a-c-a-b-|');
      const subscription = '  ^------------!';
      const result = '        -a-b---c-a-b-|';
      expectObservable(source.pipe(dedupe({ key, max: 2 }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('does what its marble shows, with a time to live', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a-a-a-a-a-|');
      const subscription = '  ^----------!';
      const result = '        -a---a---a-|';
      expectObservable(source.pipe(dedupe({ key, max: 2, ttlMs: 4, clock }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    [
      'one key: only the last value counts',
      { max: 1 },
      '  aabbab-c|',
      '  ^-------!',
      '  a-b-ab-c|',
    ],
    [
      'a recurring key is still forgotten in its turn',
      { max: 2 },
      '  abaaaca|',
      '  ^------!',
      '  ab---ca|',
    ],
    [
      'a key is forgotten when its time is up, and not a millisecond earlier',
      { max: 9, ttlMs: 5 },
      '  a---aaa|',
      '  ^------!',
      '  a----a-|',
    ],
    [
      'each key has its own time',
      { max: 9, ttlMs: 4 },
      '  ab--bab-|',
      '  ^-------!',
      '  ab---ab-|',
    ],
    [
      'too many keys, even within their time',
      { max: 2, ttlMs: 9 },
      '  abca|',
      '  ^---!',
      '  abca|',
    ],
  ])('%s', (_, options, sourceMarbles, subscription, result) => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot(sourceMarbles);
      expectObservable(source.pipe(dedupe({ key, clock, ...options }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('compares keys as a Map does', () => {
    const object = {};
    const values = [NaN, NaN, 0, -0, '0', object, {}, object, undefined, null, undefined];
    const passed: unknown[] = [];
    from(values)
      .pipe(dedupe({ key, max: 99 }))
      .subscribe((value) => passed.push(value));
    expect(passed).toEqual([NaN, 0, '0', {}, {}, undefined, null]);
  });

  it('keeps a separate memory for each subscription', () => {
    const source = new Subject<string>();
    const deduped = source.pipe(dedupe({ key, max: 9 }));
    const passed: string[] = [];
    deduped.subscribe((value) => passed.push(`1${value}`));
    source.next('a');
    deduped.subscribe((value) => passed.push(`2${value}`));
    source.next('a');
    source.next('b');
    expect(passed).toEqual(['1a', '2a', '1b', '2b']);
  });

  it('records a key before its value is passed on', () => {
    const source = new Subject<number>();
    const passed: number[] = [];
    source.pipe(dedupe({ key: (value) => value % 2, max: 9 })).subscribe((value) => {
      passed.push(value);
      source.next(value + 2);
      source.next(value + 1);
    });
    source.next(1);
    expect(passed).toEqual([1, 2]);
  });

  it('requests one more for each value dropped', () => {
    const numbers = new Numbers(10);
    const flow = flowFrom(numbers).pipe(dedupe({ key: (value) => value >> 2, max: 9 }));
    const { heard, demand } = consume(flow);
    demand.request(1);
    expect([heard, numbers.calls]).toEqual([[0], 1]);
    demand.request(1);
    expect([heard, numbers.calls]).toEqual([[0, 4], 5]);
    demand.request(2);
    expect([heard, numbers.calls]).toEqual([[0, 4, 8, '|'], 11]);
  });

  it('L-10 forgets keys on time when its clock is set back', () => {
    const clock = new MachineClock();
    const source = new Subject<string>();
    const passed: number[] = [];
    source
      .pipe(dedupe({ key: (value) => value, max: 2, ttlMs: 100, clock }))
      .subscribe(() => passed.push(clock.passedMs));
    clock.set(7_200_000);
    for (let ms = 0; ms < 400; ms += 10) {
      if (ms === 150) clock.set(-3_600_000);
      source.next('a');
      clock.advance(10);
    }
    expect(passed).toEqual([0, 100, 210, 310]);
  });

  it('uses the clock of its source, even behind other operators', () => {
    const clock = new VirtualClock();
    const source = new Subject<string>();
    const flow = new Flow<string>(
      (consumer) => {
        const subscription = source.subscribe(consumer);
        return { request: () => undefined, unsubscribe: () => subscription.unsubscribe() };
      },
      undefined,
      { clock },
    );
    const passed: string[] = [];
    const deduped = flow.pipe(map(key), dedupe({ key, max: 9, ttlMs: 1000 }), map(key));
    deduped.subscribe((value) => passed.push(`subscribed: ${value}`));
    const { demand } = consume(deduped, (value) => passed.push(`consumed: ${value}`));
    demand.request(Infinity);
    const emit = (): void => source.next('a');
    emit();
    clock.advance(999);
    emit();
    expect(passed).toEqual(['subscribed: a', 'consumed: a']);
    clock.advance(1);
    emit();
    expect(passed.slice(2)).toEqual(['subscribed: a', 'consumed: a']);
    demand.unsubscribe();
  });

  it('uses the system clock if the source has none', () => {
    const passed: number[] = [];
    range(0, 3)
      .pipe(dedupe({ key: () => 'same', max: 9, ttlMs: 1e9 }))
      .subscribe((value) => passed.push(value));
    expect(passed).toEqual([0]);
  });

  it('sets no timers, and does not read the clock without a time to live', () => {
    const clock = new VirtualClock();
    new Subject().pipe(dedupe({ key, max: 1, ttlMs: 1, clock })).subscribe();
    expect(clock.dueTimesMs).toEqual([]);
    const untouched = (): never => {
      throw new Error('the clock was used');
    };
    const broken = { now: untouched, schedule: untouched, afterTurn: untouched };
    const passed: number[] = [];
    range(0, 2)
      .pipe(dedupe({ key, max: 1, clock: broken }))
      .subscribe((value) => passed.push(value));
    expect(passed).toEqual([0, 1]);
  });

  it('matches a list of keys and times', () => {
    const keys = fc.constantFrom<unknown>('a', 'b', 'c', 'd', 0, -0, NaN, undefined);
    const step = fc.record({ key: keys, afterMs: fc.constantFrom(0, 0, 1, 3, 10) });
    const settings = fc.record({
      max: fc.integer({ min: 1, max: 5 }),
      ttlMs: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 60 }), ({ max, ttlMs }, steps) => {
        const clock = new VirtualClock();
        const source = new Subject<{ readonly key: unknown }>();
        const passed: unknown[] = [];
        const limits = ttlMs === undefined ? { max } : { max, ttlMs };
        source
          .pipe(dedupe({ key: (value) => value.key, clock, ...limits }))
          .subscribe((value) => passed.push(value));

        let remembered: { readonly key: unknown; readonly atMs: number }[] = [];
        const expected: unknown[] = [];
        for (const each of steps) {
          clock.advance(each.afterMs);
          const now = clock.now();
          remembered = remembered.filter(({ atMs }) => now - atMs < (ttlMs ?? Infinity));
          // `includes` compares as a Map does.
          if (!remembered.map((entry) => entry.key).includes(each.key)) {
            expected.push(each);
            remembered = [...remembered, { key: each.key, atMs: now }].slice(-max);
          }
          source.next(each);
        }
        expect(passed).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

describe('options of dedupe', () => {
  const given = (options: unknown): DedupeOptions<unknown> => options as DedupeOptions<unknown>;
  const range = 'a whole number from 1 to 1048576';

  it.each([
    ['options must be an object, got undefined', undefined],
    ['options must be an object, got 10', 10],
    [
      'there is no option ttl (did you mean ttlMs?); it takes key, max, ttlMs, clock',
      { key, max: 1, ttl: 1 },
    ],
    ['key must be a function, got undefined', { max: 1 }],
    ['key must be a function, got "id"', { key: 'id', max: 1 }],
    [`max must be ${range}, got undefined`, { key }],
    [`max must be ${range}, got "10"`, { key, max: '10' }],
    ['ttlMs must be a number above 0, got "10"', { key, max: 1, ttlMs: '10' }],
    ['ttlMs must be a number above 0, got null', { key, max: 1, ttlMs: null }],
    ['clock must be an object with a method now, got 4', { key, max: 1, clock: 4 }],
    ['clock.now must be a function, got undefined', { key, max: 1, clock: {} }],
  ])('%s', (message, options) => {
    expect(() => dedupe(given(options))).toThrow(new TypeError(`dedupe: ${message}`));
    expect(() => dedupe(given(options))).toThrow(TypeError);
  });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 20 + 1])('reject a max of %d', (max) => {
    const error = new RangeError(`dedupe: max must be ${range}, got ${max}`);
    expect(() => dedupe({ key, max })).toThrow(error);
    expect(() => dedupe({ key, max })).toThrow(RangeError);
  });

  it.each([0, -1, NaN])('reject a ttlMs of %d', (ttlMs) => {
    const error = new RangeError(`dedupe: ttlMs must be a number above 0, got ${ttlMs}`);
    expect(() => dedupe({ key, max: 1, ttlMs })).toThrow(error);
    expect(() => dedupe({ key, max: 1, ttlMs })).toThrow(RangeError);
  });

  it('accept the largest values', () => {
    expect(() => dedupe({ key, max: 2 ** 20, ttlMs: Infinity })).not.toThrow();
  });
});

trackLeaks();
