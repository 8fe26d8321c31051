import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  concatMap,
  delay,
  EMPTY,
  from,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  throwError,
} from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import {
  block,
  dropNewest,
  dropOldest,
  fail,
  type LaneOptions,
  latest,
} from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { consume } from '../support/consume.ts';
import { marbles } from '../support/marbles.ts';
import { trackLeaks } from '../support/leaks.ts';
import { LinkedNode, open } from '../support/linked-node.ts';

const overflow = (waiting: number): RxmeshError =>
  new RxmeshError(
    'RXMESH_OVERFLOW',
    `boundedMergeMap: the buffer of ${waiting} values is full: make it larger, drop with dropOldest(n), or raise the concurrency`,
  );

describe('boundedMergeMap', () => {
  it('does what its marble shows', () => {
    const dropped: string[] = [];
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abc------------|');
      const subscription = '  ^---------------!';
      const result = '        ----a--b--------|';
      const options = { buffer: dropNewest(1), onDrop: (value: string) => dropped.push(value) };
      const mapped = source.pipe(boundedMergeMap((x) => of(x).pipe(delay(3)), options));
      expectObservable(mapped).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
    expect(dropped).toEqual(['c']);
  });

  it('keeps `concurrency` inner Observables running, and completes after the last one', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abc|          ');
      const subscription = '  ^---!          ';
      const a = cold('         --1---2|      ');
      const b = cold('          ----3|       ');
      const c = cold('               --4----|');
      const aSubscription = ' -^------!      ';
      const bSubscription = ' --^----!       ';
      const cSubscription = ' -------^------!';
      const result = '        ---1--32-4----|';
      const inner = { a, b, c };
      const mapped = source.pipe(
        boundedMergeMap((x) => inner[x as 'a' | 'b' | 'c'], { concurrency: 2 }),
      );
      expectObservable(mapped).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(a.subscriptions).toBe(aSubscription);
      expectSubscriptions(b.subscriptions).toBe(bSubscription);
      expectSubscriptions(c.subscriptions).toBe(cSubscription);
    });
  });

  it.each([
    ['a source that never emits', '   -      ', '^     ', '-        '],
    ['an empty source', '             ---|   ', '^--!  ', '---|     '],
    ['one value', '                   -a--|  ', '^---! ', '---a|    '],
    ['a value that outlasts the source', ' -a|    ', '^-!   ', '---(a|)  '],
    ['an error, which is not delayed', '-ab-#  ', '^---! ', '---a#    '],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(sourceMarbles);
      const mapped = source.pipe(boundedMergeMap((x) => of(x).pipe(delay(2))));
      expectObservable(mapped).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('errors with an inner Observable, and starts no waiting value', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abc----');
      const subscription = '  ^----!  ';
      const inner = cold('     -1--#  ');
      const subscriptions = [' -^---!  '];
      const result = '        --1--#  ';
      expectObservable(source.pipe(boundedMergeMap(() => inner))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(inner.subscriptions).toBe(subscriptions);
    });
  });

  it('unsubscribes from everything on an early unsubscribe', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abc----');
      const inner = cold('     -1-----');
      const unsubscribed = '  ^---!   ';
      const subscriptions = [' -^--!   ', '--^-!'];
      const result = '        --11-   ';
      const mapped = source.pipe(boundedMergeMap(() => inner, { concurrency: 2 }));
      expectObservable(mapped, unsubscribed).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(unsubscribed);
      expectSubscriptions(inner.subscriptions).toBe(subscriptions);
    });
  });

  it('passes `project` the index among the values started', () => {
    const indices: [number, number][] = [];
    const options = { buffer: dropNewest(1) };
    const project = (value: number, index: number): typeof NEVER => {
      indices.push([value, index]);
      return NEVER;
    };
    of(10, 20)
      .pipe(boundedMergeMap(project, { concurrency: 2 }))
      .subscribe();
    of(10, 20)
      .pipe(boundedMergeMap((v, i) => [project(v, i)], options))
      .subscribe();
    expect(indices).toEqual([
      [10, 0],
      [20, 1],
      [10, 0],
      [20, 1],
    ]);
  });

  it('accepts anything that `from` accepts as an inner Observable', async () => {
    const heard: number[] = [];
    await of([1, 2], Promise.resolve(3), of(4))
      .pipe(boundedMergeMap((inner) => from(inner as number[])))
      .forEach((value) => heard.push(value));
    expect(heard).toEqual([1, 2, 3, 4]);
  });
});

describe('the inner Observables of boundedMergeMap', () => {
  /** Records what is started and released, in order. */
  function work(log: string[]): (n: number) => Observable<never> {
    return (n) =>
      new Observable((subscriber) => {
        log.push(`begin ${n}`);
        ends.push(() => subscriber.complete());
        return () => log.push(`free ${n}`);
      });
  }
  let ends: (() => void)[] = [];
  beforeEach(() => {
    ends = [];
  });

  it.each([
    ['an Observable', of(1, 2, 3)],
    ['a flow', flowFrom([1, 2, 3])],
  ])('never exceed the concurrency, resources included: behind %s', (_, source) => {
    const log: string[] = [];
    source.pipe(boundedMergeMap(work(log))).subscribe({ complete: () => log.push('|') });
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) end();
    const turns = [1, 2, 3].flatMap((n) => [`begin ${n}`, `free ${n}`]);
    expect(log).toEqual([...turns, '|']);
  });

  it('never exceed it for a consumer with demand either', () => {
    const log: string[] = [];
    const { heard, demand } = consume(flowFrom([1, 2]).pipe(boundedMergeMap(work(log))));
    demand.request(1);
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) end();
    expect([log, heard]).toEqual([['begin 1', 'free 1', 'begin 2', 'free 2'], ['|']]);
  });
});

describe('the buffer of boundedMergeMap', () => {
  const cases: [string, LaneOptions, string[], string[]][] = [
    ['dropOldest', dropOldest(2), ['a', 'd', 'e'], ['b', 'c']],
    ['dropNewest', dropNewest(2), ['a', 'b', 'c'], ['d', 'e']],
    ['latest', latest(), ['a', 'e'], ['b', 'c', 'd']],
  ];

  it.each(cases)('%s', (_, buffer, passed, dropped) => {
    const onDrop: string[] = [];
    const heard: string[] = [];
    const gate = new Subject<void>();
    const project = (value: string) =>
      gate.pipe(
        take(1),
        concatMap(() => of(value)),
      );
    of('a', 'b', 'c', 'd', 'e')
      .pipe(boundedMergeMap(project, { buffer, onDrop: (value) => onDrop.push(value) }))
      .subscribe((value) => heard.push(value));
    for (let i = 0; i < 5; i++) gate.next();
    expect(heard).toEqual(passed);
    expect(onDrop).toEqual(dropped);
  });

  it('errors when a `fail` buffer is full, and stops what is running', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abcd--');
      const subscription = '  ^---!  ';
      const inner = cold('     ------');
      const inners = '        -^--!  ';
      const result = '        ----#  ';
      const mapped = source.pipe(boundedMergeMap(() => inner, { buffer: fail(2) }));
      expectObservable(mapped).toBe(result, {}, overflow(2));
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(inner.subscriptions).toBe(inners);
    });
  });

  it('holds 1,024 values by default', () => {
    const errors: unknown[] = [];
    const source = new Subject<number>();
    source
      .pipe(boundedMergeMap(() => NEVER))
      .subscribe({ error: (error: unknown) => errors.push(error) });
    for (let i = 0; i < 1025; i++) source.next(i);
    expect(errors).toEqual([]);
    source.next(1025);
    expect(errors).toEqual([overflow(1024)]);
    expect(errors[0]).toHaveProperty('code', 'RXMESH_OVERFLOW');
    expect(source.observed).toBe(false);
  });

  it('holds undefined like any other value', () => {
    const heard: unknown[] = [];
    const gate = new Subject<void>();
    of(undefined, undefined, 1)
      .pipe(
        boundedMergeMap((value) =>
          gate.pipe(
            take(1),
            concatMap(() => of(value)),
          ),
        ),
      )
      .subscribe({ next: (value) => heard.push(value), complete: () => heard.push('complete') });
    for (let i = 0; i < 3; i++) gate.next();
    expect(heard).toEqual([undefined, undefined, 1, 'complete']);
  });

  it('delivers or reports every value, in order, at any relative speed', () => {
    const gaps = fc.array(fc.record({ gap: fc.nat(4), lasts: fc.nat(6) }), { maxLength: 40 });
    const buffers = fc.constantFrom(dropOldest(3), dropNewest(3), latest(), fail(64));
    fc.assert(
      fc.property(gaps, buffers, fc.integer({ min: 1, max: 3 }), (values, buffer, concurrency) => {
        const time = new VirtualClock();
        const source = new Subject<number>();
        const started: number[] = [];
        const dropped: number[] = [];
        let alive = 0;
        let aliveMax = 0;
        const project = (index: number): Subject<never> => {
          started.push(index);
          aliveMax = Math.max(aliveMax, (alive += 1));
          const end = new Subject<never>();
          time.schedule(() => {
            alive -= 1;
            end.complete();
          }, values[index]?.lasts ?? 0);
          return end;
        };
        let completed = false;
        source
          .pipe(boundedMergeMap(project, { buffer, concurrency, onDrop: (i) => dropped.push(i) }))
          .subscribe({ complete: () => (completed = true) });
        let atMs = 0;
        values.forEach(({ gap }, index) => time.schedule(() => source.next(index), (atMs += gap)));
        time.schedule(() => source.complete(), atMs);
        time.advance(1000);
        expect(completed).toBe(true);
        expect(aliveMax).toBeLessThanOrEqual(concurrency);
        expect(started).toEqual([...started].sort((a, b) => a - b));
        const all = [...started, ...dropped].sort((a, b) => a - b);
        expect(all).toEqual(values.map((_, index) => index));
      }),
    );
  });
});

describe('boundedMergeMap when a callback throws', () => {
  it('errors with what `project` throws', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a-b');
      const subscription = '  ^!  ';
      const result = '        -#  ';
      const project = (): never => {
        throw 'error' as unknown as Error;
      };
      expectObservable(source.pipe(boundedMergeMap(project))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('errors with what `project` throws for a waiting value, and starts no more', () => {
    const started: string[] = [];
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abc---');
      const subscription = '  ^--!   ';
      const result = '        ---(a#)';
      const project = (value: string) => {
        started.push(value);
        if (value === 'b') throw 'error' as unknown as Error;
        return of(value).pipe(delay(2));
      };
      const mapped = source.pipe(boundedMergeMap(project));
      expectObservable(mapped).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
    expect(started).toEqual(['a', 'b']);
  });

  it('errors with an inner Observable that throws on subscription', () => {
    const errors: unknown[] = [];
    const mapped = of(1).pipe(boundedMergeMap(() => throwError(() => new Error('no'))));
    mapped.subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toEqual([new Error('no')]);
  });
});

describe('the options of boundedMergeMap', () => {
  it.each([0, -1, 0.5, NaN])('reject a concurrency of %d', (concurrency) => {
    expect(() => boundedMergeMap(() => EMPTY, { concurrency })).toThrow(
      new RangeError(
        `boundedMergeMap: concurrency must be a number of at least 1, got ${concurrency}`,
      ),
    );
  });

  it('reject a buffer that blocks', () => {
    expect(() => boundedMergeMap(() => EMPTY, { buffer: block(1) })).toThrow(RangeError);
  });

  it.each([
    { strategy: 'fail', capacity: NaN },
    { strategy: 'fail', capacity: Infinity },
    { strategy: 'dropOldest', capacity: 0 },
    { strategy: 'dropNewest', capacity: 0 },
  ])('reject the lane $strategy($capacity)', (buffer) => {
    const options = { buffer: buffer as LaneOptions };
    expect(() => boundedMergeMap(() => EMPTY, options)).toThrow(RangeError);
    expect(() => pipeTo(open(new LinkedNode()), options)).toThrow(RangeError);
  });

  it('reject a buffer bounded by bytes, since values have no size', () => {
    const buffer = fail(1, { bytes: 1 });
    expect(() => boundedMergeMap(() => EMPTY, { buffer })).toThrow(RangeError);
  });
});

trackLeaks();
