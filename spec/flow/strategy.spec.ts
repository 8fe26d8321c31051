import { describe, expect, it } from '@jest/globals';
import {
  block,
  checkLossyLane,
  dropNewest,
  dropOldest,
  fail,
  isLane,
  laneBytesMax,
  laneCapacityMax,
  type LaneOptions,
  latest,
} from '../../lib/flow/strategy.ts';
import { described } from '../../lib/model/described.ts';

const sized = { block, dropOldest, dropNewest, fail };

describe('the strategies', () => {
  it('make lane options', () => {
    expect(block(1)).toEqual({ strategy: 'block', capacity: 1 });
    expect(dropOldest(2)).toEqual({ strategy: 'dropOldest', capacity: 2 });
    expect(dropNewest(64)).toEqual({ strategy: 'dropNewest', capacity: 64 });
    expect(latest()).toEqual({ strategy: 'latest', capacity: 1 });
    expect(fail(2 ** 20)).toEqual({ strategy: 'fail', capacity: 1_048_576 });
  });

  it.each(Object.entries(sized))('%s accepts a number of bytes', (strategy, make) => {
    for (const bytes of [1, 256 * 1024, laneBytesMax]) {
      expect(make(64, { bytes })).toEqual({ strategy, capacity: 64, bytes });
    }
    expect(make(64, {})).toEqual({ strategy, capacity: 64 });
  });

  it.each(Object.entries(sized))(
    '%s rejects an invalid number of bytes with an error',
    (name, make) => {
      for (const bytes of [
        0,
        -1,
        1.5,
        NaN,
        Infinity,
        laneBytesMax + 1,
        '8' as never,
        null as never,
      ]) {
        expect(() => make(1, { bytes })).toThrow(
          new RangeError(
            `${name}: bytes must be an integer from 1 to 1073741824, got ${described(bytes)}`,
          ),
        );
      }
    },
  );

  it.each(Object.entries(sized))('%s rejects an invalid capacity with an error', (name, make) => {
    for (const capacity of [0, -1, 1.5, NaN, Infinity, laneCapacityMax + 1, '8' as never]) {
      expect(() => make(capacity)).toThrow(
        new RangeError(
          `${name}: capacity must be an integer from 1 to 1048576 (messages), got ${described(capacity)}`,
        ),
      );
    }
  });
});

describe('an unknown bound', () => {
  it('is rejected by name', () => {
    expect(() => block(1, { byte: 5 } as never)).toThrow(
      new RangeError(
        'block: there is no bound byte; the bounds are bytes, messagesPerSecond, bytesPerSecond, initial',
      ),
    );
  });
});

describe('checkLossyLane', () => {
  const check = (lane: LaneOptions) => () => checkLossyLane('pipeTo', 'buffer', lane);

  it('accepts strategies that drop or fail', () => {
    for (const lane of [dropOldest(1), dropNewest(1), latest(), fail(1)]) check(lane)();
  });

  it('names what to use instead of block(), and the bounds to omit', () => {
    expect(check(block(1))).toThrow(
      new RangeError(
        'pipeTo: buffer must not be block(), since an Observable cannot be held back: ' +
          'use dropOldest(n), dropNewest(n), latest() or fail(n)',
      ),
    );
    expect(check(fail(1, { bytes: 5, messagesPerSecond: 1 }))).toThrow(
      new RangeError(
        'pipeTo: buffer must not have bytes or messagesPerSecond: ' +
          "only a channel's lanes can have that, leave it out",
      ),
    );
  });
});

describe('isLane', () => {
  it('recognizes what the strategies make', () => {
    for (const lane of [block(1), dropOldest(1), dropNewest(1), latest(), fail(laneCapacityMax)]) {
      expect(isLane(lane)).toBe(true);
    }
    expect(isLane(block(1, { bytes: laneBytesMax }))).toBe(true);
    expect(isLane({ strategy: 'latest', capacity: 1, bytes: 1 })).toBe(true);
    expect(isLane({ strategy: 'block', capacity: 1, bytes: undefined })).toBe(true);
  });

  it('rejects everything else', () => {
    const others = [
      undefined,
      null,
      'block',
      64,
      block,
      {},
      { strategy: 'block' },
      { capacity: 1 },
      { strategy: 'stop', capacity: 1 },
      { strategy: 'block', capacity: 0 },
      { strategy: 'block', capacity: 1.5 },
      { strategy: 'block', capacity: '1' },
      { strategy: 'block', capacity: laneCapacityMax + 1 },
      { strategy: 'block', capacity: 1, bytes: 0 },
      { strategy: 'block', capacity: 1, bytes: 1.5 },
      { strategy: 'block', capacity: 1, bytes: '1' },
      { strategy: 'block', capacity: 1, bytes: null },
      { strategy: 'block', capacity: 1, bytes: laneBytesMax + 1 },
      { strategy: 'block', capacity: 1, byte: 1 },
    ];
    for (const other of others) expect(isLane(other)).toBe(false);
  });
});
