import { checkArgument, type OptionKind } from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';

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

/** How much may wait in a lane, besides the number of its messages. */
export interface LaneBounds {
  /** Bytes, 1 to 2^30. Default 4 MiB. */
  readonly bytes?: number;
  /**
   * Messages a second that leave the lane, and as many at once after a pause. A finite number above
   * 0; default: no limit. What comes faster waits in the lane, whose strategy decides.
   */
  readonly messagesPerSecond?: number;
  /**
   * The same for bytes. A message passes whatever its size, and the next one when that is paid off.
   */
  readonly bytesPerSecond?: number;
  /**
   * Of an inbound `block` lane: messages that a peer may have under way at first; and 4 MiB, if
   * `bytes` is more. Both double, up to what the lane holds, whenever consumers have taken that
   * much within two round trips: so a long line is filled, and a slow consumer is not kept ahead
   * of. Default: the whole lane at once.
   */
  readonly initial?: number;
}

/**
 * What a full lane does, in three words: whoever fills it waits, something is dropped, or that is
 * an error.
 */
export type WhenFull = 'waits' | 'drops' | 'fails';

/** Each strategy by that. */
export const whenFull: Readonly<Record<Strategy, WhenFull>> = {
  block: 'waits',
  dropOldest: 'drops',
  dropNewest: 'drops',
  latest: 'drops',
  fail: 'fails',
};

/**
 * A lane as an option: how much may wait in it, and what happens when it is full. It takes a
 * message as long as fewer than `capacity` messages and fewer than `bytes` bytes wait: so it holds
 * at most `bytes` and one message, and a message of more than `bytes` finds its place in an empty
 * lane.
 */
export interface LaneOptions extends LaneBounds {
  readonly strategy: Strategy;
  /** Messages, 1 to 2^20. */
  readonly capacity: number;
}

/** The largest capacity of a lane, in messages. */
export const laneCapacityMax: number = 2 ** 20;

/** The most bytes that a lane may be made to hold. */
export const laneBytesMax: number = 2 ** 30;

/** Bytes of a lane whose options do not say how many. */
export const laneBytesDefault: number = 4 * 1024 * 1024;

/** Lossless: whoever fills the lane waits until there is room. */
export const block = (capacity: number, bounds?: LaneBounds): LaneOptions =>
  lane('block', capacity, bounds);
/** Keeps the newest messages. */
export const dropOldest = (capacity: number, bounds?: LaneBounds): LaneOptions =>
  lane('dropOldest', capacity, bounds);
/** Keeps the oldest messages. */
export const dropNewest = (capacity: number, bounds?: LaneBounds): LaneOptions =>
  lane('dropNewest', capacity, bounds);
/** Keeps the newest message only, of whatever size. */
export const latest = (bounds?: Omit<LaneBounds, 'bytes'>): LaneOptions =>
  lane('latest', 1, bounds);
/** Takes messages until it is full; one more is an error. */
export const fail = (capacity: number, bounds?: LaneBounds): LaneOptions =>
  lane('fail', capacity, bounds);

function isStrategy(value: unknown): value is Strategy {
  return typeof value === 'string' && Object.hasOwn(whenFull, value);
}

/** Whether a value from outside is a lane's options. */
export function isLane(value: unknown): value is LaneOptions {
  if (typeof value !== 'object' || value === null) return false;
  const { strategy, capacity, ...bounds } = value as Partial<LaneOptions>;
  if (!isStrategy(strategy) || !isWithin(capacity, laneCapacityMax)) return false;
  return faultOf(bounds, strategy, capacity) === undefined;
}

/**
 * @throws {RangeError} when `capacity` is not a whole number from 1 to 2^20, or a bound is not what
 * it says
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

/** A lane as an option of an operator, whatever its numbers are. */
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
 * Checks a lane that holds values, which have no size and no rate.
 *
 * @param operator whose lane it is
 * @param name the option's, or the argument's
 * @throws {TypeError} for what is no lane
 * @throws {RangeError} for a capacity that no lane has, and bounds that are for messages only
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
  const text = `${operator}: ${names.join(' and ')} of a lane are for channels`;
  throw new RangeError(text);
}

/** What is wrong with bounds, if anything is. */
function faultOf(bounds: LaneBounds, strategy: Strategy, capacity: number): string | undefined {
  const { bytes, messagesPerSecond, bytesPerSecond, initial, ...unknown } = bounds;
  for (const name of Object.keys(unknown)) return `there is no bound ${name}`;
  if (bytes !== undefined && !isWithin(bytes, laneBytesMax)) {
    return mustBe('bytes', `an integer from 1 to ${laneBytesMax}`, bytes);
  }
  for (const [name, rate] of Object.entries({ messagesPerSecond, bytesPerSecond })) {
    const isRate = typeof rate === 'number' && rate > 0 && rate < Infinity;
    if (rate === undefined || isRate) continue;
    return mustBe(name, 'a finite number above 0', rate);
  }
  if (initial !== undefined && strategy !== 'block') {
    return 'only a block lane has `initial`';
  }
  if (initial !== undefined && !isWithin(initial, capacity)) {
    return mustBe('initial', `an integer from 1 to the capacity (${capacity})`, initial);
  }
  return undefined;
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
}
