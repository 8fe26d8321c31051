import { describe, expect, it } from '@jest/globals';
import { delay, from, NEVER, Observable, of, Subject, tap } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { dropNewest, fail } from '../../lib/flow/strategy.ts';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';

/** Inner Observables that the test completes. */
class Inners {
  readonly started: number[] = [];
  readonly alive = new Map<number, Subject<string>>();

  project = (value: number): Observable<string> => {
    const inner = new Subject<string>();
    this.started.push(value);
    this.alive.set(value, inner);
    return inner;
  };

  /** The inner Observable of `value` emits its one result and completes. */
  answer(value: number): void {
    const inner = this.alive.get(value);
    this.alive.delete(value);
    inner?.next(`r${value}`);
    inner?.complete();
  }
}

describe('boundedMergeMap on a flow', () => {
  it('does what its marble shows', () => {
    marbles(({ expectObservable }) => {
      const log = new Subject<string>();
      const source = flowFrom('abc').pipe(tap((value) => log.next(value)));
      const asked = '  a--b--c---------';
      const result = ' ---a--b--(c|)   ';
      expectObservable(log).toBe(asked);
      const mapped = source.pipe(boundedMergeMap((x) => of(x).pipe(delay(3))));
      expectObservable(mapped).toBe(result);
    });
  });

  it('requests `concurrency` values, and one more each time an inner Observable completes', () => {
    const numbers = new Numbers(100);
    const inners = new Inners();
    const heard: string[] = [];
    const subscription = flowFrom(numbers)
      .pipe(boundedMergeMap(inners.project, { concurrency: 3 }))
      .subscribe((value) => heard.push(value));
    expect([inners.started, numbers.calls]).toEqual([[0, 1, 2], 3]);
    inners.answer(1);
    expect([inners.started, numbers.calls]).toEqual([[0, 1, 2, 3], 4]);
    expect(heard).toEqual(['r1']);
    subscription.unsubscribe();
    expect(numbers.open).toBe(0);
    expect([...inners.alive.values()].some((inner) => inner.observed)).toBe(false);
  });

  it('requests everything, as on any Observable, if it has a buffer', () => {
    const numbers = new Numbers(6);
    const dropped: number[] = [];
    const options = { buffer: dropNewest(2), onDrop: (value: number) => dropped.push(value) };
    const subscription = flowFrom(numbers)
      .pipe(boundedMergeMap(() => NEVER, options))
      .subscribe();
    expect(dropped).toEqual([3, 4, 5]);
    expect(numbers.calls).toBe(7);
    subscription.unsubscribe();
  });

  it('is unbounded with a concurrency of Infinity, like mergeMap', () => {
    const numbers = new Numbers(5000);
    const inners = new Inners();
    const { heard, demand } = consume(
      flowFrom(numbers).pipe(boundedMergeMap(inners.project, { concurrency: Infinity })),
    );
    expect(inners.started).toHaveLength(5000);
    demand.request(1);
    inners.answer(4999);
    inners.answer(0);
    expect(heard).toEqual(['r4999']);
  });

  it('rounds a concurrency down', () => {
    const numbers = new Numbers(100);
    const inners = new Inners();
    flowFrom(numbers)
      .pipe(boundedMergeMap(inners.project, { concurrency: 2.5 }))
      .subscribe();
    expect(inners.started).toEqual([0, 1]);
  });
});

describe('the result of boundedMergeMap, consumed with demand', () => {
  it('starts as many as can wait, and one more for each result consumed', () => {
    const inners = new Inners();
    const { heard, demand } = consume(
      flowFrom(new Numbers(100)).pipe(boundedMergeMap(inners.project, { concurrency: 2 })),
    );
    expect(inners.started).toEqual([0, 1]);
    inners.answer(1);
    inners.answer(0);
    expect([heard, inners.started]).toEqual([[], [0, 1]]);
    demand.request(1);
    expect([heard, inners.started]).toEqual([['r1'], [0, 1, 2]]);
    demand.request(2);
    expect([heard, inners.started]).toEqual([
      ['r1', 'r0'],
      [0, 1, 2, 3],
    ]);
    inners.answer(3);
    expect([heard, inners.started]).toEqual([
      ['r1', 'r0', 'r3'],
      [0, 1, 2, 3, 4],
    ]);
    demand.unsubscribe();
    expect([...inners.alive.values()].some((inner) => inner.observed)).toBe(false);
  });

  it('also holds back the buffer of an Observable', () => {
    const source = new Subject<number>();
    const dropped: number[] = [];
    const buffer = dropNewest(1);
    const map = boundedMergeMap((value: number) => of(value), {
      buffer,
      onDrop: (value) => dropped.push(value),
    });
    const { heard, demand } = consume(map(source));
    for (const value of [1, 2, 3]) source.next(value);
    expect([heard, dropped]).toEqual([[], [3]]);
    demand.request(5);
    source.complete();
    expect(heard).toEqual([1, 2, '|']);
  });

  it('buffers up to 1,024 results of an inner Observable, and fails after them on one more', () => {
    const results = (count: number): unknown[] => {
      const { heard, demand } = consume(
        flowFrom([0]).pipe(boundedMergeMap(() => from(new Numbers(count)))),
      );
      expect(heard).toEqual([]);
      demand.request(2000);
      return [heard.length, heard.at(-1)];
    };
    expect(results(1024)).toEqual([1025, '|']);
    expect(results(1025)).toEqual([1025, 'RXMESH_OVERFLOW']);
  });

  it('requests one result at a time from inner flows, so that at most one waits per flow', () => {
    const inner = [new Numbers(Infinity), new Numbers(Infinity)] as const;
    const { heard, demand } = consume(
      flowFrom(inner).pipe(boundedMergeMap((numbers) => flowFrom(numbers), { concurrency: 2 })),
    );
    expect(inner[0].calls + inner[1].calls).toBeLessThanOrEqual(2);
    demand.request(2000);
    expect(heard).toHaveLength(2000);
    expect(inner[0].calls + inner[1].calls).toBeLessThanOrEqual(2002);
    demand.unsubscribe();
    expect([inner[0].open, inner[1].open]).toEqual([0, 0]);
  });

  it('delivers waiting results before it completes or an inner Observable fails', () => {
    const end = new Subject<never>();
    const { heard, demand } = consume(
      flowFrom([1, 2]).pipe(
        boundedMergeMap((value) => (value === 1 ? of('a') : end), { concurrency: 3 }),
      ),
    );
    end.error(new Error('inner'));
    expect(heard).toEqual([]);
    demand.request(1);
    expect(heard).toEqual(['a', 'Error: inner']);
    const completed = consume(
      flowFrom([1, 2]).pipe(boundedMergeMap((value) => of(value), { concurrency: 3 })),
    );
    expect(completed.heard).toEqual([]);
    completed.demand.request(2);
    expect(completed.heard).toEqual([1, 2, '|']);
  });

  it('queues a result that arrives while another is delivered', () => {
    const inners = new Inners();
    const { heard, demand } = consume(
      flowFrom(new Numbers(2)).pipe(boundedMergeMap(inners.project, { concurrency: 2 })),
      (value) => {
        if (value === 'r0') inners.answer(1);
        heard.push('returned');
      },
    );
    demand.request(5);
    inners.answer(0);
    expect(heard).toEqual(['r0', 'returned', 'r1', 'returned', '|']);
  });

  it('stops an endless source and an endless inner Observable', () => {
    const { heard } = consume(
      boundedMergeMap(() => NEVER, { buffer: fail(3) })(from(new Numbers(Infinity))),
    );
    expect(heard).toEqual(['RXMESH_OVERFLOW']);
    const inner = consume(flowFrom([0]).pipe(boundedMergeMap(() => from(new Numbers(Infinity)))));
    inner.demand.request(1);
    inner.demand.request(2000);
    expect(inner.heard.at(-1)).toBe('RXMESH_OVERFLOW');
  });

  it('errors with what `project` throws', () => {
    const numbers = new Numbers(5);
    const { heard } = consume(
      flowFrom(numbers).pipe(
        boundedMergeMap(() => {
          throw new Error('project');
        }),
      ),
    );
    expect(heard).toEqual(['Error: project']);
    expect(numbers.open).toBe(0);
  });
});

trackLeaks();
