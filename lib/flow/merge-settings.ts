import type { ObservableInput } from 'rxjs';
import { laneCapacityMax, type LaneOptions } from './strategy.ts';

/** How values become inner Observables, and how many of both there may be. */
export interface MergeSettings<T, R> {
  readonly project: (value: T, index: number) => ObservableInput<R>;
  /** Inner Observables that may be alive at a time, 1 or more; rounded down. */
  readonly concurrency: number;
  /** Inner Observables of one key run one after the other. */
  readonly key: ((value: T) => unknown) | undefined;
  /** Where values wait for their turn. */
  readonly buffer: LaneOptions;
  readonly onDrop: ((value: T) => void) | undefined;
}

/** The buffer for a source that is asked for values: all that were asked for have a place. */
export const askedFor = (concurrency: number): LaneOptions => ({
  strategy: 'fail',
  capacity: Math.floor(Math.min(concurrency, laneCapacityMax)),
});
