import { describe, expect, it } from '@jest/globals';
import { from, of } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import type { Flow } from '../../lib/flow/flow.ts';
import { fail, latest } from '../../lib/flow/strategy.ts';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { fromReadableStream } from '../../operators/from-readable-stream.ts';
import { onBackpressure } from '../../operators/on-backpressure.ts';
import { rateLimit } from '../../operators/rate-limit.ts';
import { toReadableStream } from '../../operators/to-readable-stream.ts';
import {
  countRequested,
  countSubscribed,
  countWaiting,
  many,
  manyNumbers,
} from '../support/many.ts';

const unlimited = { perSecond: 1e12 };
const wide = 2 ** 20;

const chains: readonly [string, () => Flow<number>][] = [
  ['boundedMergeMap', () => flowFrom(manyNumbers).pipe(boundedMergeMap((n) => of(n)))],
  [
    'boundedMergeMap of flows',
    () => flowFrom([0]).pipe(boundedMergeMap(() => flowFrom(manyNumbers))),
  ],
  ['rateLimit', () => flowFrom(manyNumbers).pipe(rateLimit(unlimited))],
  [
    'rateLimit that waits',
    () => flowFrom(manyNumbers).pipe(rateLimit({ ...unlimited, excess: 'wait' })),
  ],
];

describe('many values at once need no more stack than one', () => {
  it.each(chains)('through %s, with an ordinary subscriber', (_, make) => {
    expect(countSubscribed(make())).toBe(many);
  });

  it.each(chains)('through %s, each requested after the previous one', (_, make) => {
    expect(countRequested(make())).toBe(many);
  });

  it('that waited in onBackpressure by key', () => {
    const operator = onBackpressure<number>(latest(), { key: (value) => value, keysMax: wide });
    expect(countWaiting(operator(from(manyNumbers)))).toBe(many);
  });

  it('that waited in boundedMergeMap', () => {
    const operator = boundedMergeMap((value: number) => of(value), { buffer: fail(wide) });
    expect(countWaiting(operator(from(manyNumbers)))).toBe(many);
  });

  it('through a stream, there and back', async () => {
    let count = 0;
    const stream = toReadableStream(flowFrom(manyNumbers), { highWaterMark: 64 });
    await fromReadableStream(stream).forEach(() => (count += 1));
    expect(count).toBe(many);
  });
});
