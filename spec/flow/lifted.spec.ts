import { describe, expect, it } from '@jest/globals';
import {
  mergeWith,
  Observable,
  repeat,
  retry,
  startWith,
  subscribeOn,
  tap,
  timer,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { consume } from '../support/consume.ts';

/** Numbers from 1; on the first run the second one is replaced by an error. */
function failsOnce(): Flow<number> {
  let attempts = 0;
  return new Flow((consumer) => {
    attempts += 1;
    const fails = attempts === 1;
    let next = 1;
    return {
      request(count) {
        for (let left = count; left > 0; left -= 1) {
          if (fails && next === 2) {
            consumer.error(new Error('once'));
            return;
          }
          consumer.next(next);
          next += 1;
        }
      },
      unsubscribe: () => undefined,
    };
  });
}

describe('an operator that subscribes to the source later', () => {
  const clock = new VirtualClock();
  const { scheduler } = clock;
  const inFive = { delay: () => timer(5, scheduler) };

  it('continues with the demand owed: retry with a delay', () => {
    const { heard, demand } = consume(failsOnce().pipe(retry(inFive)));
    demand.request(1);
    demand.request(2);
    expect(heard).toEqual([1]);
    clock.advance(5);
    expect(heard).toEqual([1, 1, 2]);
  });

  it('does not hold up later operators: boundedMergeMap', () => {
    const heard: number[] = [];
    const subscription = failsOnce()
      .pipe(
        retry(inFive),
        boundedMergeMap((n) => [n]),
      )
      .subscribe((n) => {
        heard.push(n);
        if (heard.length === 3) subscription.unsubscribe();
      });
    clock.advance(5);
    expect(heard).toEqual([1, 1, 2]);
  });

  it.each<[string, MonoTypeOperatorFunction<number>, unknown[]]>([
    ['repeat with a delay', repeat({ count: 2, ...inFive }), [1, 2, 1, 2, '|']],
    ['subscribeOn', subscribeOn(scheduler, 5), [1, 2, '|']],
  ])('loses no demand: %s', (_, operator, expected) => {
    const { heard, demand } = consume(flowFrom([1, 2]).pipe(operator));
    demand.request(5);
    clock.advance(10);
    expect(heard).toEqual(expected);
  });
});

describe('an operator that requests', () => {
  it('never requests more from the source than was requested', () => {
    let asked = 0;
    let emit = (): void => undefined;
    const flow = new Flow<number>((consumer) => {
      let n = 0;
      emit = () => consumer.next((n += 1));
      return { request: (count) => (asked += count), unsubscribe: () => undefined };
    });
    const requesting = tap((n: number) => {
      if (n === 1) demand.request(1);
    });
    const { heard, demand } = consume(flow.pipe(requesting));
    demand.request(1);
    emit();
    expect([heard, asked]).toEqual([[1], 2]);
    emit();
    expect([heard, asked]).toEqual([[1, 2], 2]);
  });
});

describe('values that an operator emits without demand', () => {
  it('stop an endless source that is merged', () => {
    let emitted = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed && emitted < 100_000) subscriber.next((emitted += 1));
    });
    const { heard, demand } = consume(flowFrom([1]).pipe(mergeWith(endless)));
    demand.request(1);
    expect(heard).toEqual(['RXMESH_DEMAND_LOST']);
    expect(emitted).toBeLessThan(20);
  });

  it('come before an error, as for an ordinary subscriber', () => {
    const failing = (): Flow<number> =>
      new Flow(() => {
        throw new Error('no');
      });
    const { heard, demand } = consume(failing().pipe(startWith(7, 8)));
    expect(heard).toEqual([]);
    demand.request(1);
    expect(heard).toEqual([7]);
    demand.request(1);
    expect(heard).toEqual([7, 8, 'Error: no']);
    const seen: unknown[] = [];
    failing()
      .pipe(startWith(7, 8))
      .subscribe({
        next: (n) => seen.push(n),
        error: (error: unknown) => seen.push(String(error)),
      });
    expect(seen).toEqual(heard);
  });
});
