/** Who takes values from a flow, and no more of them than it has requested. */
export interface FlowConsumer<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
}

/** A consumer's hold on a flow. */
export interface Demand {
  /**
   * Asks for `count` values more; `Infinity`: for all. Calls add up. Does nothing after the end.
   * Values may come before it returns; what is requested from within `next` comes after that has returned.
   *
   * @throws {RangeError} when `count` is not a whole number from 1, or Infinity
   */
  request(count: number): void;
  /** Takes no value more. Doing it twice is fine. */
  unsubscribe(): void;
}

/** Something that can be consumed with demand. */
export interface Consumable<T> {
  /** Starts to serve a consumer, which gets nothing before its first `request`. */
  consume(consumer: FlowConsumer<T>): Demand;
}

/** The hold on a flow that is over. */
export const noDemand: Demand = { request: () => undefined, unsubscribe: () => undefined };
