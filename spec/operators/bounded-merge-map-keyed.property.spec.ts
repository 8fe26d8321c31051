import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { delay, NEVER, type Observable, of, Subject } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { dropNewest, dropOldest, fail, type LaneOptions, latest } from '../../lib/flow/strategy.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';
import { runs } from '../support/runs.ts';

/** a and A share a key. */
const key = (value: string): string => value.toLowerCase();

/** Inner Observables that the test completes. */
class Inners<T> {
  readonly started: T[] = [];
  readonly #alive = new Map<T, Subject<never>>();

  get aliveCount(): number {
    return this.#alive.size;
  }

  project = (value: T): Observable<never> => {
    const inner = new Subject<never>();
    this.started.push(value);
    this.#alive.set(value, inner);
    return inner;
  };

  end(...values: readonly T[]): void {
    for (const value of values) {
      const inner = this.#alive.get(value);
      this.#alive.delete(value);
      inner?.complete();
    }
  }
}

describe('boundedMergeMap with a key', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a-A-b---------|');
      const subscription = '  ^--------------!';
      const result = '        ------a---bA---|';
      const options = { concurrency: 2, key };
      const mapped = source.pipe(boundedMergeMap((x) => of(x).pipe(delay(5)), options));
      expectObservable(mapped).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('starts the next value of a key when the previous one completes, and other keys meanwhile', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('   -aAbB|       ');
      const subscription = ' ^----!       ';
      const a = cold('        --1--|      ');
      const A = cold('             -2|    ');
      const b = cold('          -3|       ');
      const B = cold('            ---4---|');
      const aLog = '         -^----!      ';
      const ALog = '         ------^-!    ';
      const bLog = '         ---^-!       ';
      const BLog = '         -----^------!';
      const result = '       ---13--24---|';
      const inner = { a, A, b, B };
      const project = (x: string): Observable<string> => inner[x as keyof typeof inner];
      const mapped = source.pipe(boundedMergeMap(project, { concurrency: 9, key }));
      expectObservable(mapped).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(a.subscriptions).toBe(aLog);
      expectSubscriptions(A.subscriptions).toBe(ALog);
      expectSubscriptions(b.subscriptions).toBe(bLog);
      expectSubscriptions(B.subscriptions).toBe(BLog);
    });
  });

  it.each([
    ['a source that never emits', '   -      ', '^     ', '-        '],
    ['an empty source', '             ---|   ', '^--!  ', '---|     '],
    ['one value', '                   -a--|  ', '^---! ', '---a|    '],
    ['a value that outlasts the source', ' -a|    ', '^-!   ', '---(a|)  '],
    ['values with the same key', '           -aA--| ', '^----!', '---a-(A|)'],
    ['an error, which is not delayed', '-aA-#  ', '^---! ', '---a#    '],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(sourceMarbles.trim());
      const options = { concurrency: 3, key };
      const mapped = source.pipe(boundedMergeMap((x) => of(x).pipe(delay(2)), options));
      expectObservable(mapped).toBe(result.trim());
      expectSubscriptions(source.subscriptions).toBe(subscription.trim());
    });
  });

  it('unsubscribes from everything on an early unsubscribe', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('    -aAb----');
      const inner = cold('     -1-----');
      const unsubscribed = '  ^----!  ';
      const inners = [' -^---!  ', '      ---^-!  '];
      const result = '        --1-1   ';
      const mapped = source.pipe(boundedMergeMap(() => inner, { concurrency: 9, key }));
      expectObservable(mapped, unsubscribed).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(unsubscribed);
      expectSubscriptions(inner.subscriptions).toBe(inners.map((log) => log.trim()));
    });
  });

  it('errors with what `project` throws, and stops what is running', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('    -ab---');
      const inner = cold('     -----');
      const subscription = '  ^-!   ';
      const inners = '        -^!   ';
      const result = '        --#   ';
      const project = (value: string) => {
        if (value === 'b') throw 'error' as unknown as Error;
        return inner;
      };
      const options = { concurrency: 2, key: (value: string) => value };
      expectObservable(source.pipe(boundedMergeMap(project, options))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(inner.subscriptions).toBe(inners);
    });
  });

  it('compares keys as a Map does, and accepts undefined as a key', () => {
    const inners = new Inners<{ readonly k?: unknown }>();
    const values = [{ k: NaN }, { k: NaN }, { k: undefined }, {}, { k: '1' }, { k: 1 }] as const;
    flowFrom(values)
      .pipe(boundedMergeMap(inners.project, { concurrency: 9, key: ({ k }) => k }))
      .subscribe();
    expect(inners.started).toEqual([values[0], values[2], values[4], values[5]]);
  });
});

describe('boundedMergeMap with a key, on a flow', () => {
  it('requests values while fewer than `concurrency` wait for their keys', () => {
    const numbers = new Numbers(100);
    const inners = new Inners<number>();
    const sameKey = (value: number): number => (value < 50 ? 0 : value);
    const subscription = flowFrom(numbers)
      .pipe(boundedMergeMap(inners.project, { concurrency: 3, key: sameKey }))
      .subscribe();
    // One runs and three wait for it, so it requests no more, though two more could run.
    expect([inners.started, numbers.calls]).toEqual([[0], 4]);
    inners.end(0);
    expect([inners.started, numbers.calls]).toEqual([[0, 1], 5]);
    subscription.unsubscribe();
    expect(numbers.open).toBe(0);
  });

  it('requests no more than can be started', () => {
    const numbers = new Numbers(100);
    const inners = new Inners<number>();
    flowFrom(numbers)
      .pipe(boundedMergeMap(inners.project, { concurrency: 3, key: (value) => value }))
      .subscribe();
    expect([inners.started, numbers.calls]).toEqual([[0, 1, 2], 3]);
    inners.end(1);
    expect([inners.started, numbers.calls]).toEqual([[0, 1, 2, 3], 4]);
  });

  it('rounds a concurrency down', () => {
    const numbers = new Numbers(100);
    const inners = new Inners<number>();
    flowFrom(numbers)
      .pipe(boundedMergeMap(inners.project, { concurrency: 2.5, key: (value) => value >> 1 }))
      .subscribe();
    expect([inners.started, numbers.calls]).toEqual([[0, 2], 3]);
  });

  it('starts nothing without room in front of a consumer with demand', () => {
    const started: number[] = [];
    const project = (value: number): Observable<number> => {
      started.push(value);
      return of(value);
    };
    const options = { concurrency: 2, key: (value: number) => value % 2 };
    const { heard, demand } = consume(
      flowFrom(new Numbers(6)).pipe(boundedMergeMap(project, options)),
    );
    expect(started).toEqual([0, 1]);
    demand.request(1);
    expect([heard, started]).toEqual([[0], [0, 1, 2]]);
    demand.request(9);
    expect(heard).toEqual([0, 1, 2, 3, 4, 5, '|']);
  });
});

describe('the buffer of boundedMergeMap with a key', () => {
  const cases: [string, LaneOptions, string[], string[]][] = [
    ['dropOldest', dropOldest(2), ['a', 'B', 'b'], ['A']],
    ['dropNewest', dropNewest(2), ['a', 'A', 'b'], ['B']],
    ['latest', latest(), ['a', 'B'], ['A', 'b']],
  ];

  it.each(cases)('%s bounds the values of all keys together', (_, buffer, passed, dropped) => {
    const source = new Subject<string>();
    const inners = new Inners<string>();
    const drops: string[] = [];
    const options = { buffer, key, onDrop: (value: string) => drops.push(value) };
    source.pipe(boundedMergeMap(inners.project, options)).subscribe();
    ['a', 'A', 'b', 'B'].forEach((value) => source.next(value));
    for (let i = 0; i < 4; i += 1) inners.end(...inners.started);
    expect([[...inners.started].sort(), drops]).toEqual([[...passed].sort(), dropped]);
  });

  it('errors when a `fail` buffer is full; the default holds 1,024', () => {
    const source = new Subject<number>();
    const { heard } = consume(
      boundedMergeMap(() => NEVER, { concurrency: 9, key: () => 0 })(source),
    );
    for (let i = 0; i <= 1024; i += 1) source.next(i);
    expect(heard).toEqual([]);
    source.next(1025);
    expect([heard, source.observed]).toEqual([['RXMESH_OVERFLOW'], false]);
  });

  it('queues a value emitted from within `project`, even if its key is free', () => {
    const source = new Subject<string>();
    const started: string[] = [];
    const project = (value: string): Observable<never> => {
      if (value === 'a') ['A', 'b'].forEach((next) => source.next(next));
      started.push(value);
      return NEVER;
    };
    source.pipe(boundedMergeMap(project, { concurrency: 9, key })).subscribe();
    source.next('a');
    expect(started).toEqual(['a', 'b']);
  });

  it('runs one value of a key at a time, in order, at any relative speed', () => {
    const values = fc.array(fc.record({ gap: fc.nat(3), lasts: fc.nat(6), key: fc.nat(3) }), {
      maxLength: 40,
    });
    const buffers = fc.constantFrom(dropOldest(3), dropNewest(3), latest(), fail(64), undefined);
    fc.assert(
      fc.property(values, buffers, fc.integer({ min: 1, max: 4 }), (given, buffer, concurrency) => {
        const time = new VirtualClock();
        const source = new Subject<number>();
        const keyOf = (index: number): number => given[index]?.key ?? NaN;
        const [started, dropped, running]: [number[], number[], number[]] = [[], [], []];
        const project = (index: number): Subject<never> => {
          expect(running.map(keyOf)).not.toContain(keyOf(index));
          started.push(index);
          running.push(index);
          expect(running.length).toBeLessThanOrEqual(concurrency);
          const end = new Subject<never>();
          time.schedule(() => {
            running.splice(running.indexOf(index), 1);
            end.complete();
          }, given[index]?.lasts ?? 0);
          return end;
        };
        // A flow is held back; any other Observable keeps emitting.
        const input = buffer === undefined ? flowFrom(given.keys()) : source;
        const { heard, demand } = consume(
          boundedMergeMap(project, {
            concurrency,
            key: keyOf,
            ...(buffer && { buffer }),
            onDrop: (index) => dropped.push(index),
          })(input),
        );
        demand.request(1);
        let atMs = 0;
        given.forEach(({ gap }, index) => time.schedule(() => source.next(index), (atMs += gap)));
        time.schedule(() => source.complete(), atMs);
        time.advance(1000);
        expect(heard).toEqual(['|']);
        for (let each = 0; each < 4; each += 1) {
          const own = started.filter((index) => keyOf(index) === each);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
        const all = [...started, ...dropped].sort((a, b) => a - b);
        expect(all).toEqual([...given.keys()]);
      }),
      { numRuns: runs(100) },
    );
  });
});

trackLeaks();
