import type { Backlog } from './backlog.ts';
import type { Clock } from './clock.ts';

/** Takes values from a flow, and gets no more of them than it has requested. */
export interface FlowConsumer<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
}

/** A consumer's hold on a flow. */
export interface Demand {
  /**
   * Asks for `count` more values; `Infinity`: for all. Calls add up. Does nothing after the end.
   * Values may come before it returns; what is requested from within `next` comes after that has
   * returned.
   *
   * @throws {RangeError} when `count` is not a whole number from 1, or Infinity
   */
  request(count: number): void;
  /** Takes no further values. Doing it twice is fine. */
  unsubscribe(): void;
}

/** Something that can be consumed with demand. */
export interface Consumable<T> {
  /** Starts to serve a consumer, which gets nothing before its first `request`. */
  consume(consumer: FlowConsumer<T>): Demand;
}

/** What a flow comes from, such as a channel. The flows that operators make of it keep it. */
export interface FlowOrigin {
  /** What it runs on: operators behind it that wait take it, too. */
  readonly clock: Clock;
  /**
   * Hears of a consumer whose flow has ended at once, with `RXMESH_DEMAND_LOST` or
   * `RXMESH_OVERFLOW` above all, just before the consumer does. One error may come several times.
   * It does not throw.
   */
  readonly failed?: (error: unknown) => void;
}

/** A consumer as the source of a flow sees it. */
export interface FlowSink<T> extends FlowConsumer<T> {
  /** How many values it has requested that are neither delivered nor waiting in front of it. */
  readonly wanted: number;
  /**
   * Delivers a value. Without a backlog, one that nobody has requested ends the flow with
   * `RXMESH_DEMAND_LOST`.
   * @returns false when it waits, or comes after the end
   */
  next(value: T): boolean;
  /** Ends the flow behind what waits. */
  error(error: unknown): void;
  /** Ends the flow behind what waits. */
  complete(): void;
  /** Ends the flow at once; what waits is let go. */
  fail(error: unknown): void;
  /**
   * From now on values that come too early wait in `backlog`. What that throws ends the flow at
   * once.
   */
  keep(backlog: Backlog<T>, keeper: SinkKeeper<T>): void;
}

/** Hears of a sink's backlog. */
export interface SinkKeeper<T> {
  /** There is no place for this value. */
  onOverflow(value: T): void;
  /** Fewer values wait. */
  onRoom?(): void;
}

/** The hold on a flow that is over. */
export const noDemand: Demand = { request: () => undefined, unsubscribe: () => undefined };
