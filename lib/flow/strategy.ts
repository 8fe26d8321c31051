/**
 * What a full lane does with one message more.
 *
 * - `block`: it does not take it; the sender waits (`send`), or hears of a drop (`out.next`)
 * - `dropOldest`: the message that has waited longest makes room
 * - `dropNewest`: the newcomer is dropped
 * - `latest`: only the newest one waits, a lane of one place that `dropOldest` rules
 * - `fail`: the sender gets an error, or an inbound peer is disconnected
 */
export type Strategy = 'block' | 'dropOldest' | 'dropNewest' | 'latest' | 'fail';

/** A lane as an option: how many messages may wait in it, and what happens when it is full. */
export interface LaneOptions {
  readonly strategy: Strategy;
  /** Messages, 1 to 2^20. */
  readonly capacity: number;
}

/** The largest capacity of a lane, in messages. */
export const laneCapacityMax: number = 2 ** 20;

/** Lossless: whoever fills the lane waits until there is room. */
export const block = (capacity: number): LaneOptions => lane('block', capacity);
/** Keeps the newest `capacity` messages. */
export const dropOldest = (capacity: number): LaneOptions => lane('dropOldest', capacity);
/** Keeps the oldest `capacity` messages. */
export const dropNewest = (capacity: number): LaneOptions => lane('dropNewest', capacity);
/** Keeps the newest message only. */
export const latest = (): LaneOptions => lane('latest', 1);
/** Takes `capacity` messages; one more is an error. */
export const fail = (capacity: number): LaneOptions => lane('fail', capacity);

const strategies: readonly unknown[] = [
  'block',
  'dropOldest',
  'dropNewest',
  'latest',
  'fail',
] satisfies Strategy[];

/** Whether a value from outside is a lane's options. */
export function isLane(value: unknown): value is LaneOptions {
  if (typeof value !== 'object' || value === null) return false;
  const { strategy, capacity } = value as Partial<LaneOptions>;
  return strategies.includes(strategy) && isLaneCapacity(capacity);
}

/** @throws {RangeError} when `capacity` is not a whole number from 1 to 2^20 */
function lane(strategy: Strategy, capacity: number): LaneOptions {
  if (!isLaneCapacity(capacity)) {
    throw new RangeError(
      `${strategy}(capacity): capacity is a whole number of messages from 1 to ${laneCapacityMax}, not ${String(capacity)}`,
    );
  }
  return { strategy, capacity };
}

function isLaneCapacity(capacity: unknown): capacity is number {
  return (
    typeof capacity === 'number' &&
    Number.isInteger(capacity) &&
    capacity >= 1 &&
    capacity <= laneCapacityMax
  );
}
