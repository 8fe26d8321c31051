import type { Flow } from '../../lib/flow/flow.ts';
import { size } from './runs.ts';

/** A million, or fewer: far more calls than fit on a stack, which holds about ten thousand. */
export const many = size(1_000_000, 20_000);

/** That many numbers from 0, without an array of them. */
export const manyNumbers: Iterable<number> = {
  *[Symbol.iterator]() {
    for (let i = 0; i < many; i += 1) yield i;
  },
};

/** How many values a flow emits to an ordinary subscriber. */
export function countSubscribed(flow: Flow<number>): number {
  let count = 0;
  flow.subscribe(() => (count += 1));
  return count;
}

/** How many it emits to a consumer that requests each value after the previous one. */
export function countRequested(flow: Flow<number>): number {
  let count = 0;
  const demand = flow.consume({
    next: () => {
      count += 1;
      demand.request(1);
    },
    error: () => (count = NaN),
    complete: () => undefined,
  });
  demand.request(1);
  return count;
}

/** How many it emits to a consumer that requests all of them once they wait. */
export function countWaiting(flow: Flow<number>): number {
  let count = 0;
  const demand = flow.consume({
    next: () => (count += 1),
    error: () => (count = NaN),
    complete: () => undefined,
  });
  demand.request(Infinity);
  return count;
}
