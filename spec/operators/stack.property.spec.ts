import { describe, expect, it } from '@jest/globals';
import { filter, from, map, Subject, take, tap } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import type { Flow } from '../../lib/flow/flow.ts';
import { Hub } from '../../lib/flow/hub.ts';
import { block, dropOldest, fail, latest } from '../../lib/flow/strategy.ts';
import { onBackpressure } from '../../operators/on-backpressure.ts';
import {
  countRequested,
  countSubscribed,
  countWaiting,
  many,
  manyNumbers,
} from '../support/many.ts';

const wide = 2 ** 20;

const chains: readonly [string, () => Flow<number>][] = [
  ['flowFrom', () => flowFrom(manyNumbers)],
  [
    'a lifted chain',
    () =>
      flowFrom(manyNumbers).pipe(
        map((n) => n + 1),
        filter((n) => n > 0),
        tap(() => undefined),
        take(many),
      ),
  ],
  ['onBackpressure', () => onBackpressure<number>(block(16))(flowFrom(manyNumbers))],
];

/** Slower operators are in stack.slow.spec.ts. */
describe('many values at once need no more stack than one', () => {
  it.each(chains)('through %s, with an ordinary subscriber', (_, make) => {
    expect(countSubscribed(make())).toBe(many);
  });

  it.each(chains)('through %s, each requested after the previous one', (_, make) => {
    expect(countRequested(make())).toBe(many);
  });

  it.each([dropOldest(wide), fail(wide)])('that waited in onBackpressure: %j', (lane) => {
    expect(countWaiting(onBackpressure<number>(lane)(from(manyNumbers)))).toBe(many);
  });

  it('that onBackpressure feeds back', () => {
    const source = new Subject<number>();
    let last = 0;
    const demand = onBackpressure<number>(latest())(source).consume({
      next: (value) => {
        last = value;
        if (value < many) source.next(value + 1);
      },
      error: () => undefined,
      complete: () => undefined,
    });
    demand.request(Infinity);
    source.next(0);
    expect(last).toBe(many);
  });

  it('through a hub', () => {
    let next = 0;
    let emitting = false;
    const hub = new Hub<number>(() => {
      if (emitting) return;
      emitting = true;
      while (hub.ready && next < many) hub.next(next++);
      emitting = false;
    });
    expect(countRequested(hub.flow)).toBe(many);
  });
});
