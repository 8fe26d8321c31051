import type { ObservableInput } from 'rxjs';
import { laneCapacityMax, type LaneOptions } from './strategy.ts';

/** How values become inner Observables, and how many of each are allowed. */
export interface MergeSettings<T, R> {
  readonly project: (value: T, index: number) => ObservableInput<R>;
  /** The most inner Observables that may be active at a time; 1 or more, rounded down. */
  readonly concurrency: number;
  /** Inner Observables with the same key run one after another. */
  readonly key: ((value: T) => unknown) | undefined;
  /** Where values wait to be started. */
  readonly buffer: LaneOptions;
  readonly onDrop: ((value: T) => void) | undefined;
}

/** The buffer for a source that is a flow: it has room for every value that was requested. */
export const bufferForFlow = (concurrency: number): LaneOptions => ({
  strategy: 'fail',
  capacity: Math.floor(Math.min(concurrency, laneCapacityMax)),
});
