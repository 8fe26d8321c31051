import type { Clock } from '../../flow/clock.ts';
import type { Flow } from '../../flow/flow.ts';

/** A flow to test, and what a case may know about it. */
export interface FlowUnderTest<T> {
  readonly flow: Flow<T>;
  /** Whether the source of the flow has been released. Default: this cannot be observed. */
  readonly released?: () => boolean;
  /** Releases the flow's resources after the case. */
  readonly dispose?: () => Promise<void> | void;
}

/** Describes a flow to `flowConformance`. */
export interface FlowSetup<T> {
  /**
   * Creates a flow of the values for 0 to `count - 1`, which then completes. Called at least once
   * per case.
   */
  readonly open: (count: number) => Promise<FlowUnderTest<T>> | FlowUnderTest<T>;
  /**
   * Creates the same flow, but failing with `error` instead of completing. If undefined, cases
   * about errors are skipped.
   */
  readonly fail?: (count: number, error: unknown) => Promise<FlowUnderTest<T>> | FlowUnderTest<T>;
  /** The number that a value stands for. Default: the value itself. */
  readonly numberOf?: (value: T) => number;
  /**
   * What several consumers get. `each` (default): every consumer gets all values at its own pace.
   * `shared`: all get the same values at the pace of the slowest. `one`: the first gets all values,
   * further ones an error.
   */
  readonly consumers?: 'each' | 'shared' | 'one';
  /**
   * Whether the flow ends without a further request. False if the end has to be requested, as for
   * an iterator. Default true.
   */
  readonly endsUnasked?: boolean;
  /** How many values the case about recursion uses. Default 100,000. */
  readonly manyCount?: number;
  /** The clock that the suite itself waits on. Default: the system clock. */
  readonly clock?: Clock;
  /** How long a case waits for something to happen, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** How long a case waits to see that nothing more arrives, in milliseconds. Default 1. */
  readonly settleMs?: number;
}
