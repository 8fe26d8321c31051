import type { Clock } from '../../flow/clock.ts';
import type { Flow } from '../../flow/flow.ts';

/** A flow, and what a case may know of it. */
export interface FlowUnderTest<T> {
  readonly flow: Flow<T>;
  /** Whether nobody holds on to what the flow takes its values from. Default: it cannot be seen. */
  readonly released?: () => boolean;
  /** Releases what the flow needed, when the case is over. */
  readonly dispose?: () => Promise<void> | void;
}

/** What `flowConformance` has to know of a flow. */
export interface FlowSetup<T> {
  /**
   * A new flow of the values of 0, 1 and so on up to `count - 1`, and then the end. Called once or
   * more for each case.
   */
  readonly open: (count: number) => Promise<FlowUnderTest<T>> | FlowUnderTest<T>;
  /**
   * The same, but it fails with `error` in place of the end. Without it, cases about errors are
   * left out.
   */
  readonly fail?: (count: number, error: unknown) => Promise<FlowUnderTest<T>> | FlowUnderTest<T>;
  /** The number of a value. Default: the value itself. */
  readonly numberOf?: (value: T) => number;
  /**
   * What several consumers get: `each` of them all values, at a pace of its own (default);
   * `shared`: the same values together, at the pace of the slowest; `one`: the first consumer gets
   * all, others an error.
   */
  readonly consumers?: 'each' | 'shared' | 'one';
  /**
   * Whether the end comes without a request; else it needs one, as an iterator's does. Default
   * true.
   */
  readonly endsUnasked?: boolean;
  /** How many values the case about recursion takes. Default 100,000. */
  readonly manyCount?: number;
  /** Time for the suite's own waiting; the system's clock by default. */
  readonly clock?: Clock;
  /** How long a case waits for what has to come; 5,000 by default. */
  readonly timeoutMs?: number;
  /** How long it waits to see that nothing more comes; 1 by default. */
  readonly settleMs?: number;
}
