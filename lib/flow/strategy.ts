import { checkArgument, type OptionKind } from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';

/**
 * What a full lane does with another message.
 *
 * - `block`: refuses it; the sender waits (`send`) or the message is reported as dropped
 *   (`out.next`)
 * - `dropOldest`: drops the message that has waited longest
 * - `dropNewest`: drops the new message
 * - `latest`: keeps only the newest message, like `dropOldest` with a capacity of 1
 * - `fail`: the sender gets an error, or the inbound peer is disconnected
 */
export type Strategy = 'block' | 'dropOldest' | 'dropNewest' | 'latest' | 'fail';

/** Limits of a lane besides its number of messages. */
export interface LaneBounds {
  /** Bytes, 1 to 2^30. Default 4 MiB. */
  readonly bytes?: number;
  /**
   * Messages per second that may leave the lane, in a burst of up to one second's worth after a
   * pause. A finite number above 0; default: no limit. Faster messages wait in the lane, and its
   * strategy applies when it is full.
   */
  readonly messagesPerSecond?: number;
  /**
   * The same in bytes per second. A message of any size passes; the next one waits until it is paid
   * off.
   */
  readonly bytesPerSecond?: number;
  /**
   * Only for inbound `block` lanes: how many messages a peer may have in flight at first, along
   * with 4 MiB, or `bytes` if that is less. Both double, up to the size of the lane, whenever
   * consumers take that much within four round trips, so that a long line is filled but a slow
   * consumer is not flooded. Default: the whole lane from the start.
   */
  readonly initial?: number;
}

/**
 * What a full lane does, reduced to three cases: the sender waits, something is dropped, or it is
 * an error.
 */
export type WhenFull = 'waits' | 'drops' | 'fails';

/** The case that each strategy falls into. */
export const whenFull: Readonly<Record<Strategy, WhenFull>> = {
  block: 'waits',
  dropOldest: 'drops',
  dropNewest: 'drops',
  latest: 'drops',
  fail: 'fails',
};

/**
 * The options of a lane: how much may wait in it, and what happens when it is full. A lane takes a
 * message while fewer than `capacity` messages and fewer than `bytes` bytes wait. It thus holds at
 * most `bytes` plus one message, and an empty lane takes a message of any size.
 */
export interface LaneOptions extends LaneBounds {
  readonly strategy: Strategy;
  /** Messages, 1 to 2^20. */
  readonly capacity: number;
}

/** The largest capacity of a lane, in messages. */
export const laneCapacityMax: number = 2 ** 20;

/** The largest `bytes` of a lane. */
export const laneBytesMax: number = 2 ** 30;

/** `bytes` of a lane, unless its options say otherwise. */
export const laneBytesDefault: number = 4 * 1024 * 1024;

/** Creates a lossless lane: the sender waits until there is room. */
export const block = (capacity: number, bounds?: LaneBounds): LaneOptions =>
  lane('block', capacity, bounds);
/** Creates a lane that keeps the newest messages. */
export const dropOldest = (capacity: number, bounds?: LaneBounds): LaneOptions =>
  lane('dropOldest', capacity, bounds);
/** Creates a lane that keeps the oldest messages. */
export const dropNewest = (capacity: number, bounds?: LaneBounds): LaneOptions =>
  lane('dropNewest', capacity, bounds);
/** Creates a lane that keeps only the newest message, whatever its size. */
export const latest = (bounds?: Omit<LaneBounds, 'bytes'>): LaneOptions =>
  lane('latest', 1, bounds);
/** Creates a lane for which overflow is an error. */
export const fail = (capacity: number, bounds?: LaneBounds): LaneOptions =>
  lane('fail', capacity, bounds);

function isStrategy(value: unknown): value is Strategy {
  return typeof value === 'string' && Object.hasOwn(whenFull, value);
}

/** Whether a value passed in by a user is a lane's options. */
export function isLane(value: unknown): value is LaneOptions {
  if (typeof value !== 'object' || value === null) return false;
  const { strategy, capacity, ...bounds } = value as Partial<LaneOptions>;
  if (!isStrategy(strategy) || !isWithin(capacity, laneCapacityMax)) return false;
  return faultOf(bounds, strategy, capacity) === undefined;
}

/**
 * @throws {TypeError} if the bounds are not an object
 * @throws {RangeError} if `capacity` is not a whole number from 1 to 2^20, or a bound is invalid
 */
function lane(strategy: Strategy, capacity: number, given: LaneBounds = {}): LaneOptions {
  const bounds: unknown = given;
  if (typeof bounds !== 'object' || bounds === null) {
    throw new TypeError(mustBe(`${strategy}: bounds`, 'an object', given));
  }
  if (!isWithin(capacity, laneCapacityMax)) {
    throw new RangeError(
      mustBe(
        `${strategy}: capacity`,
        `an integer from 1 to ${laneCapacityMax} (messages)`,
        capacity,
      ),
    );
  }
  const fault = faultOf(given, strategy, capacity);
  if (fault !== undefined) throw new RangeError(`${strategy}: ${fault}`);
  const { bytes, messagesPerSecond, bytesPerSecond, initial } = given;
  return {
    strategy,
    capacity,
    ...(bytes !== undefined && { bytes }),
    ...(messagesPerSecond !== undefined && { messagesPerSecond }),
    ...(bytesPerSecond !== undefined && { bytesPerSecond }),
    ...(initial !== undefined && { initial }),
  };
}

/** The kind of an option that takes a lane. Checks its shape, but not its numbers. */
export const aLane: OptionKind = {
  what: 'a lane such as dropOldest(64)',
  accepts: (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const { strategy, capacity, ...bounds } = value as Partial<LaneOptions>;
    const isNamed = isStrategy(strategy) && typeof capacity === 'number';
    return isNamed && Object.keys(bounds).every((name) => boundNames.includes(name));
  },
};

const boundNames: readonly string[] = [
  'bytes',
  'messagesPerSecond',
  'bytesPerSecond',
  'initial',
] satisfies (keyof LaneBounds)[];

/**
 * Checks a lane of plain values, which have no size and no rate.
 *
 * @param operator the operator that takes the lane
 * @param name the name of the option or argument
 * @throws {TypeError} if it is not a lane
 * @throws {RangeError} if the capacity is out of range, or a bound applies to messages only
 */
export function checkValueLane(operator: string, name: string, lane: LaneOptions): void {
  checkArgument(operator, name, lane, aLane);
  const { capacity, bytes, messagesPerSecond, bytesPerSecond, initial } = lane;
  if (!isWithin(capacity, laneCapacityMax)) {
    const range = `an integer from 1 to ${laneCapacityMax}`;
    throw new RangeError(`${operator}: ${mustBe(`the capacity of ${name}`, range, capacity)}`);
  }
  const given = Object.entries({ bytes, messagesPerSecond, bytesPerSecond, initial });
  const names = given.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (names.length === 0) return;
  const text = `${operator}: ${name} must not have ${names.join(' or ')}`;
  throw new RangeError(`${text}: only a channel's lanes can have that, leave it out`);
}

/**
 * Checks a lane of values from an Observable, which cannot be held back.
 *
 * @throws {TypeError} see `checkValueLane`
 * @throws {RangeError} see `checkValueLane`, and if the lane blocks
 */
export function checkLossyLane(operator: string, name: string, lane: LaneOptions): void {
  checkValueLane(operator, name, lane);
  if (lane.strategy !== 'block') return;
  const text = `${operator}: ${name} must not be block(), since an Observable cannot be held back`;
  throw new RangeError(`${text}: use dropOldest(n), dropNewest(n), latest() or fail(n)`);
}

/** Describes what is wrong with the bounds, or returns undefined. */
function faultOf(bounds: LaneBounds, strategy: Strategy, capacity: number): string | undefined {
  const { bytes, messagesPerSecond, bytesPerSecond, initial, ...unknown } = bounds;
  for (const name of Object.keys(unknown)) {
    return `there is no bound ${name}; the bounds are ${boundNames.join(', ')}`;
  }
  if (bytes !== undefined && !isWithin(bytes, laneBytesMax)) {
    return mustBe('bytes', `an integer from 1 to ${laneBytesMax}`, bytes);
  }
  for (const [name, rate] of Object.entries({ messagesPerSecond, bytesPerSecond })) {
    const isRate = typeof rate === 'number' && rate > 0 && rate < Infinity;
    if (rate === undefined || isRate) continue;
    return mustBe(name, 'a finite number above 0', rate);
  }
  if (initial !== undefined && strategy !== 'block') {
    return 'initial must be left out: only block() has it';
  }
  if (initial !== undefined && !isWithin(initial, capacity)) {
    return mustBe('initial', `an integer from 1 to the capacity (${capacity})`, initial);
  }
  return undefined;
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
}
