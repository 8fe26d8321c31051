import { describe, expect, it, jest } from '@jest/globals';
import { concatMap, EMPTY, type Observable, of, range, Subject, take } from 'rxjs';
import { dropNewest, dropOldest, fail } from '../../lib/flow/strategy.ts';
import { boundedMergeMap, type BoundedMergeMapOptions } from '../../operators/bounded-merge-map.ts';
import { heapBytes } from '../support/garbage.ts';
import { trackLeaks } from '../support/leaks.ts';

describe('boundedMergeMap when re-entered', () => {
  /** Calls `react` for each value started, which may make the source emit; records the order. */
  function reentered(
    options: BoundedMergeMapOptions<number>,
    react: (value: number, source: Subject<number>) => void,
  ): { started: number[]; aliveMax: number } {
    const source = new Subject<number>();
    const started: number[] = [];
    const gates: Subject<never>[] = [];
    let aliveMax = 0;
    source
      .pipe(
        boundedMergeMap((value) => {
          started.push(value);
          const gate = new Subject<never>();
          gates.push(gate);
          aliveMax = Math.max(aliveMax, gates.length);
          react(value, source);
          return gate;
        }, options),
      )
      .subscribe();
    source.next(0);
    for (let gate = gates.shift(); gate !== undefined; gate = gates.shift()) gate.complete();
    return { started, aliveMax };
  }

  it('keeps its concurrency when `project` makes the source emit', () => {
    const emitsTwo = (value: number, source: Subject<number>): void => {
      if (value === 0) [1, 2].forEach((next) => source.next(next));
    };
    expect(reentered({}, emitsTwo)).toEqual({ started: [0, 1, 2], aliveMax: 1 });
    expect(reentered({ concurrency: 2 }, emitsTwo)).toEqual({ started: [0, 1, 2], aliveMax: 2 });
  });

  it('reports what the buffer drops while a value is being started', () => {
    const dropped: number[] = [];
    const options = {
      concurrency: 2,
      buffer: dropNewest(1),
      onDrop: (n: number) => dropped.push(n),
    };
    const { started } = reentered(options, (value, source) => {
      if (value === 0) [1, 2, 3].forEach((next) => source.next(next));
    });
    expect(started).toEqual([0, 1]);
    expect(dropped).toEqual([2, 3]);
  });

  it('drops each value once when `onDrop` makes the source emit', () => {
    const source = new Subject<number>();
    const dropped: number[] = [];
    const gate = new Subject<never>();
    const started: number[] = [];
    const options = {
      buffer: dropOldest(1),
      onDrop: (value: number) => {
        dropped.push(value);
        if (value === 1) source.next(3);
      },
    };
    const project = (value: number): typeof gate => {
      started.push(value);
      return gate;
    };
    source.pipe(boundedMergeMap(project, options)).subscribe();
    for (const value of [0, 1, 2]) source.next(value);
    expect(dropped).toEqual([1, 2]);
    gate.complete();
    expect(started).toEqual([0, 3]);
  });

  it('feeds its results back into its source without growing the stack', () => {
    const source = new Subject<number>();
    const count = 100_000;
    let last = 0;
    source.pipe(boundedMergeMap((n) => of(n + 1), { concurrency: 2 })).subscribe((n) => {
      last = n;
      if (n < count) source.next(n);
    });
    source.next(0);
    expect(last).toBe(count);
  });

  it('starts nothing that waits once its result is unsubscribed', () => {
    const started: number[] = [];
    const gate = new Subject<void>();
    const project = (value: number) => {
      started.push(value);
      return value === 0
        ? gate.pipe(
            take(1),
            concatMap(() => EMPTY),
          )
        : of(value);
    };
    range(0, 10).pipe(boundedMergeMap(project), take(1)).subscribe();
    gate.next();
    expect(started).toEqual([0, 1]);
  });

  it('stops an endless synchronous source and an endless inner Observable', () => {
    const heard: number[] = [];
    const note = (value: number): unknown => heard.push(value);
    range(0, Infinity)
      .pipe(
        boundedMergeMap((value) => of(value)),
        take(3),
      )
      .subscribe(note);
    of(7)
      .pipe(
        boundedMergeMap(() => range(0, Infinity)),
        take(2),
      )
      .subscribe(note);
    expect(heard).toEqual([0, 1, 2, 0, 1]);
  });
});

describe('a million values through boundedMergeMap', () => {
  const million = 1_000_000;
  // Ten times the usual duration, for busy machines.
  jest.setTimeout(60_000);

  it('that complete synchronously need no more stack than one', () => {
    let count = 0;
    range(0, million)
      .pipe(boundedMergeMap((value) => of(value)))
      .subscribe(() => (count += 1));
    expect(count).toBe(million);
  });

  it('that waited for one gate need no more stack than one', () => {
    const gate = new Subject<void>();
    let count = 0;
    range(0, million)
      .pipe(
        boundedMergeMap((value) => (value === 0 ? gate.pipe(take(1)) : of(undefined)), {
          buffer: fail(2 ** 20),
        }),
      )
      .subscribe(() => (count += 1));
    expect(count).toBe(0);
    gate.next();
    expect(count).toBe(million);
  });

  it('retain no memory, whether started or dropped', async () => {
    const source = new Subject<object>();
    let dropped = 0;
    const gate = new Subject<void>();
    const options = { concurrency: 2, buffer: dropOldest(8), onDrop: () => (dropped += 1) };
    const subscription = source
      .pipe(
        boundedMergeMap(
          (value): Observable<unknown> => ('slow' in value ? gate : of(value)),
          options,
        ),
      )
      .subscribe();
    source.next({ slow: true });
    const before = await heapBytes();
    for (let i = 0; i < million; i++) source.next({ i });
    source.next({ slow: true });
    for (let i = 0; i < million; i++) source.next({ i });
    expect((await heapBytes()) - before).toBeLessThan(1_000_000);
    expect(dropped).toBe(million - 8);
    subscription.unsubscribe();
  });
});

trackLeaks();
