import { describe, expect, it } from '@jest/globals';
import {
  distinctUntilChanged,
  filter,
  lastValueFrom,
  map,
  of,
  scan,
  skip,
  take,
  tap,
  toArray,
  type Observable,
} from 'rxjs';
import type { Channel } from '../../lib/channel/channel.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import type { Flow } from '../../lib/flow/flow.ts';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { pipeTo } from '../../operators/pipe-to.ts';

/** All values; the compiler checks their type. */
const valuesOf = <T>(source$: Observable<T>): Promise<T[]> =>
  lastValueFrom(source$.pipe(toArray()));

describe('types of a flow', () => {
  it('follow up to nine operators', async () => {
    const texts: Flow<string> = flowFrom([1, 2, 2, 3, 4]).pipe(
      filter((n) => n > 1),
      tap(),
      skip(1),
      take(5),
      scan((sum, n) => sum + n, 0),
      distinctUntilChanged(),
      map((n) => [n]),
      map(([n = 0]) => n),
      map((n) => String(n)),
    );
    expect(await valuesOf(texts)).toEqual(['2', '5', '9']);
  });

  it('know inner Observables of several types', async () => {
    const some: Flow<number | string> = flowFrom([1, 2]).pipe(
      boundedMergeMap((n) => (n === 1 ? of(n) : Promise.resolve(String(n)))),
    );
    expect(await valuesOf(some)).toEqual([1, '2']);
  });

  it('reject mismatches, as those of RxJS do', () => {
    const wrong = (numbers: Flow<number>, channel: Channel<string>): unknown[] => [
      // @ts-expect-error a number is not a string
      numbers.pipe(map((text: string) => text.length)),
      numbers.pipe(
        // @ts-expect-error a number is not a string
        filter((n) => n > 1),
        map((text: string) => text.length),
        take(1),
      ),
      // @ts-expect-error an inbound envelope names its sender, not a recipient
      channel.in$.pipe(pipeTo(channel)),
    ];
    // The compiler has checked it; it must not be called.
    expect(wrong).toHaveLength(2);
  });
});
