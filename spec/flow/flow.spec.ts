import { describe, expect, it } from '@jest/globals';
import {
  bufferCount,
  catchError,
  concatMap,
  concatWith,
  delay,
  filter,
  map,
  mergeMap,
  Observable,
  of,
  retry,
  scan,
  startWith,
  take,
  takeUntil,
  Subject,
  tap,
} from 'rxjs';
import type { Demand } from '../../lib/flow/demand.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { until } from '../support/until.ts';

/** Numbers from 1, with a log of what is requested. */
function counting(end = Infinity): { flow: Flow<number>; log: string[] } {
  const log: string[] = [];
  const flow = new Flow<number>((consumer) => {
    let next = 1;
    let over = false;
    log.push('connect');
    return {
      request: (count) => {
        log.push(`request ${count}`);
        for (let i = 0; i < count && !over; i += 1) {
          if (next > end) {
            over = true;
            consumer.complete();
          } else {
            consumer.next(next++);
          }
        }
      },
      unsubscribe: () => {
        if (!over) log.push('cancel');
        over = true;
      },
    };
  });
  return { flow, log };
}

/** Consumes with demand, and records what arrives. */
function consume<T>(flow: Flow<T>): { heard: unknown[]; demand: Demand } {
  const heard: unknown[] = [];
  const demand = flow.consume({
    next: (value) => heard.push(value),
    error: (error) => heard.push(error instanceof RxmeshError ? error.code : String(error)),
    complete: () => heard.push('|'),
  });
  return { heard, demand };
}

describe('a flow with an ordinary subscriber', () => {
  it('emits everything, like any Observable', () => {
    const { flow, log } = counting(3);
    const heard: unknown[] = [];
    flow.subscribe({ next: (value) => heard.push(value), complete: () => heard.push('|') });
    expect(heard).toEqual([1, 2, 3, '|']);
    expect(log).toEqual(['connect', 'request Infinity']);
  });

  it('stops emitting when the subscriber has enough', () => {
    const { flow, log } = counting();
    const heard: number[] = [];
    flow.pipe(take(2)).subscribe((value) => heard.push(value));
    expect(heard).toEqual([1, 2]);
    expect(log).toEqual(['connect', 'request Infinity', 'cancel']);
  });
});

describe('a flow behind an operator that is not from RxJS', () => {
  it('emits to an ordinary subscriber, even through further operators', () => {
    const mirror = (source: Observable<number>): Observable<number> =>
      new Observable((s) => source.subscribe(s));
    const mirrored = counting(3).flow.pipe(mirror);
    const heard: unknown[] = [];
    mirrored.subscribe({ next: (value) => heard.push(value), complete: () => heard.push('|') });
    mirrored.pipe(map((n) => -n)).subscribe((value) => heard.push(value));
    expect(heard).toEqual([1, 2, 3, '|', -1, -2, -3]);
  });
});

describe('demand through operators', () => {
  it('requests as many values as are requested of it when each is answered', () => {
    const { flow, log } = counting();
    const { heard, demand } = consume(flow.pipe(map((n) => n * 10)));
    expect(heard).toEqual([]);
    demand.request(2);
    expect(heard).toEqual([10, 20]);
    demand.request(1);
    expect(heard).toEqual([10, 20, 30]);
    demand.unsubscribe();
    expect(log).toEqual(['connect', 'request 2', 'request 1', 'cancel']);
  });

  it('requests one more for each value that is not answered', () => {
    const { flow, log } = counting();
    const { heard, demand } = consume(flow.pipe(filter((n) => n % 3 === 0)));
    demand.request(1);
    expect(heard).toEqual([3]);
    expect(log).toEqual(['connect', 'request 1', 'request 1', 'request 1']);
  });

  it('survives a chain of map, filter, scan, tap, take and takeUntil', () => {
    const { flow, log } = counting();
    const seen: number[] = [];
    const { heard, demand } = consume(
      flow
        .pipe(
          filter((n) => n % 2 === 0),
          map((n) => n * 10),
        )
        .pipe(
          scan((sum, n) => sum + n, 0),
          tap((n) => seen.push(n)),
          take(2),
          takeUntil(new Subject()),
        ),
    );
    demand.request(1);
    expect(heard).toEqual([20]);
    demand.request(5);
    expect(heard).toEqual([20, 60, '|']);
    expect(seen).toEqual([20, 60]);
    expect(log.at(-1)).toBe('cancel');
  });

  it('queues what is emitted on subscription and at the end until it is requested', () => {
    const { heard, demand } = consume(
      counting(5).flow.pipe(
        bufferCount(2),
        map((pair) => String(pair)),
        startWith('0'),
        concatWith(of('end')),
      ),
    );
    expect(heard).toEqual([]);
    demand.request(1);
    expect(heard).toEqual(['0']);
    demand.request(2);
    expect(heard).toEqual(['0', '1,2', '3,4']);
    demand.request(1);
    expect(heard).toEqual(['0', '1,2', '3,4', '5']);
    demand.request(1);
    expect(heard).toEqual(['0', '1,2', '3,4', '5', 'end', '|']);
  });

  it('continues through retry and catchError', () => {
    let fail = true;
    const { heard, demand } = consume(
      counting(2).flow.pipe(
        tap((n) => {
          if (n === 2 && fail) {
            fail = false;
            throw new Error('once');
          }
        }),
        retry(1),
        tap((n) => {
          if (n === 2) throw new Error('again');
        }),
        catchError(() => of(8, 9)),
      ),
    );
    demand.request(1);
    expect(heard).toEqual([1]);
    demand.request(3);
    expect(heard).toEqual([1, 1, 8, 9, '|']);
  });

  it('requests what is owed and no more when `retry` subscribes several times synchronously', () => {
    const log: string[] = [];
    let attempts = 0;
    const flow = new Flow<number>((consumer) => {
      attempts += 1;
      if (attempts === 2 || attempts === 3) throw new Error('not now');
      const attempt = attempts;
      return {
        request: (count) => {
          log.push(`${attempt}: ${count}`);
          if (attempt === 1) consumer.error(new Error('once'));
          else consumer.next(attempt);
        },
        unsubscribe: () => undefined,
      };
    });
    const { heard, demand } = consume(flow.pipe(retry(3)));
    demand.request(1);
    demand.request(1);
    expect(heard).toEqual([4, 4]);
    expect(log).toEqual(['1: 1', '4: 1', '4: 1']);
  });

  it('lets a side effect make the source emit before the value itself is answered', () => {
    const source = new Subject<number>();
    const flow = new Flow<number>((consumer) => {
      const subscription = source.subscribe(consumer);
      return { request: () => undefined, unsubscribe: () => subscription.unsubscribe() };
    });
    const { heard, demand } = consume(
      flow.pipe(
        tap((n) => {
          if (n === 1) source.next(2);
        }),
      ),
    );
    demand.request(2);
    source.next(1);
    expect(heard).toEqual([2, 1]);
  });

  it.each([
    ['answers one value with several', mergeMap((n: number) => [n, n])],
    ['answers later', delay<number>(0)],
    [
      'answers with a stream',
      concatMap((n: number) => new Observable<number>((s) => void setImmediate(() => s.next(n)))),
    ],
    [
      'is not from RxJS',
      (source: Observable<number>) => new Observable<number>((s) => source.subscribe(s)),
    ],
  ])('is lost, with an error, behind an operator that %s', async (_, operator) => {
    const { flow } = counting(50);
    const { heard, demand } = consume(flow.pipe(operator));
    demand.request(1);
    await until(() => heard.at(-1) === 'RXMESH_DEMAND_LOST');
    expect(heard.filter((each) => each === 'RXMESH_DEMAND_LOST')).toHaveLength(1);
  });
});

describe('for await', () => {
  it('consumes nothing if it ends before it begins', async () => {
    const { flow, log } = counting();
    const iterator = flow[Symbol.asyncIterator]();
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual([]);
  });

  it('requests one value at a time, and unsubscribes at the end of the loop', async () => {
    const { flow, log } = counting();
    const heard: number[] = [];
    for await (const value of flow.pipe(map((n) => -n))) {
      heard.push(value);
      if (value === -3) break;
    }
    expect(heard).toEqual([-1, -2, -3]);
    expect(log).toEqual(['connect', 'request 1', 'request 1', 'request 1', 'cancel']);
  });

  it('ends with the flow and throws its error', async () => {
    const heard: number[] = [];
    for await (const value of counting(2).flow) heard.push(value);
    expect(heard).toEqual([1, 2]);
    const failing = counting(2).flow.pipe(
      tap((n) => {
        if (n === 2) throw new Error('two');
      }),
    );
    await expect(async () => {
      for await (const value of failing) heard.push(value);
    }).rejects.toThrow('two');
    expect(heard).toEqual([1, 2, 1]);
  });
});
