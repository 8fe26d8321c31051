import type { Backlog } from './backlog.ts';
import type { Clock } from './clock.ts';

/** Receives values from a flow, never more than it has requested. */
export interface FlowConsumer<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
}

/** A consumer's handle on a flow. */
export interface Demand {
  /**
   * Requests `count` more values, or all of them with `Infinity`. Calls add up. Does nothing after
   * the end. Values may arrive before it returns, except when called from within `next`: those
   * arrive after `next` has returned.
   *
   * @throws {RangeError} if `count` is neither a whole number of at least 1 nor Infinity
   */
  request(count: number): void;
  /** Stops delivery. Calling it again does nothing. */
  unsubscribe(): void;
}

/** Something that can be consumed with demand. */
export interface Consumable<T> {
  /** Starts serving a consumer, which receives nothing before its first `request`. */
  consume(consumer: FlowConsumer<T>): Demand;
}

/** Where a flow comes from, such as a channel. Flows derived by operators keep their origin. */
export interface FlowOrigin {
  /** The clock of the source. Downstream operators that wait use it, too. */
  readonly clock: Clock;
  /**
   * Called just before a consumer receives an error that ends its flow immediately, typically
   * `RXMESH_DEMAND_LOST` or `RXMESH_OVERFLOW`. May be called several times with the same error.
   * Must not throw.
   */
  readonly failed?: (error: unknown) => void;
}

/** A consumer, as seen by the source of a flow. */
export interface FlowSink<T> extends FlowConsumer<T> {
  /** How many values the consumer has requested that are neither delivered nor waiting for it. */
  readonly wanted: number;
  /**
   * Delivers a value. Without a backlog, a value that was not requested ends the flow with
   * `RXMESH_DEMAND_LOST`.
   * @returns false if the value has to wait, or comes after the end
   */
  next(value: T): boolean;
  /** Ends the flow with an error, after what waits. */
  error(error: unknown): void;
  /** Completes the flow, after what waits. */
  complete(): void;
  /** Ends the flow immediately and discards what waits. */
  fail(error: unknown): void;
  /**
   * From now on, values that arrive too early wait in `backlog`. If the backlog throws, the flow
   * fails immediately.
   */
  keep(backlog: Backlog<T>, keeper: SinkKeeper<T>): void;
}

/** Callbacks about a sink's backlog. */
export interface SinkKeeper<T> {
  /** The backlog has no room for this value. */
  onOverflow(value: T): void;
  /** The backlog has become shorter. */
  onRoom?(): void;
}

/** A handle on a flow that has already ended. */
export const noDemand: Demand = { request: () => undefined, unsubscribe: () => undefined };
