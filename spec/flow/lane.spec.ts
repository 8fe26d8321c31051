import { describe, expect, it } from '@jest/globals';
import { bytesOf, Lane, type Offered } from '../../lib/flow/lane.ts';
import {
  block,
  dropNewest,
  dropOldest,
  fail,
  latest,
  type LaneOptions,
} from '../../lib/flow/strategy.ts';
import { emptied } from '../support/emptied.ts';
import { collectGarbage } from '../support/garbage.ts';

describe('Lane', () => {
  const overflowing: [string, LaneOptions, Offered[], string[]][] = [
    ['block keeps what waits', block(2), ['taken', 'taken', 'full'], ['a', 'b']],
    ['dropOldest makes room', dropOldest(2), ['taken', 'taken', 'displaced'], ['b', 'c']],
    ['dropNewest drops the newcomer', dropNewest(2), ['taken', 'taken', 'rejected'], ['a', 'b']],
    ['latest keeps the newest', latest(), ['taken', 'displaced', 'displaced'], ['c']],
    ['fail keeps what waits', fail(2), ['taken', 'taken', 'overflow'], ['a', 'b']],
  ];

  it.each(overflowing)('%s', (_, options, offered, waiting) => {
    const lane = new Lane<string>(options);
    expect(['a', 'b', 'c'].map((item) => lane.offer(item))).toEqual(offered);
    expect(lane.full).toBe(true);
    expect(emptied(lane)).toEqual(waiting);
  });

  it('is initially empty', () => {
    const lane = new Lane<string>(block(2));
    expect(lane).toMatchObject({ strategy: 'block', capacity: 2, size: 0, full: false });
    expect(lane.peek()).toBeUndefined();
    expect(lane.take()).toBeUndefined();
    expect(lane.clear()).toBe(0);
    expect(lane.size).toBe(0);
  });

  it('accepts undefined like any other value', () => {
    const lane = new Lane<string | undefined>(block(3));
    lane.offer(undefined);
    lane.offer('a');
    expect(lane.size).toBe(2);
    expect(emptied(lane)).toEqual([undefined, 'a']);
  });

  it('retains what waits, and nothing that was taken, displaced or cleared', async () => {
    const filled = () => {
      const lane = new Lane<object>(dropOldest(2));
      const items = [1, 2, 3, 4].map((number) => {
        const item = { number };
        lane.offer(item);
        return new WeakRef(item);
      });
      lane.take();
      return { lane, items };
    };
    const [waiting, cleared] = [filled(), filled()];
    cleared.lane.clear();
    await collectGarbage();
    const left = waiting.items.map((item) => item.deref());
    expect(left).toEqual([undefined, undefined, undefined, { number: 4 }]);
    expect(cleared.items.map((item) => item.deref())).toEqual(Array(4).fill(undefined));
    expect([waiting.lane.size, cleared.lane.size]).toEqual([1, 0]);
  });
});

describe('a lane that counts bytes', () => {
  const message = (length: number): Uint8Array => new Uint8Array(length);
  const lengths = (lane: Lane<Uint8Array>): number[] => emptied(lane).map(({ length }) => length);

  it.each<[string, LaneOptions, Offered, number, number[]]>([
    ['block', block(9, { bytes: 10 }), 'full', 0, [4, 4, 4]],
    ['fail', fail(9, { bytes: 10 }), 'overflow', 0, [4, 4, 4]],
    ['dropNewest', dropNewest(9, { bytes: 10 }), 'rejected', 0, [4, 4, 4]],
    ['dropOldest', dropOldest(9, { bytes: 10 }), 'displaced', 1, [4, 4, 5]],
  ])(
    '%s accepts one more while fewer bytes wait, and then no more',
    (_, options, then, dropped, waiting) => {
      const lane = new Lane(options, bytesOf);
      const offered = [4, 4, 4].map((length) => lane.offer(message(length)));
      expect(offered).toEqual(['taken', 'taken', 'taken']);
      expect(lane).toMatchObject({ full: true, size: 3, sizeBytes: 12, capacityBytes: 10 });
      expect(lane.offer(message(5))).toBe(then);
      expect(lane.displaced).toBe(dropped);
      expect(lengths(lane)).toEqual(waiting);
      expect(lane).toMatchObject({ full: false, size: 0, sizeBytes: 0 });
    },
  );

  it('accepts an item larger than its byte limit if little or nothing waits', () => {
    const lane = new Lane(block(9, { bytes: 10 }), bytesOf);
    lane.offer(message(9));
    expect([lane.offer(message(1000)), lane.offer(message(0))]).toEqual(['taken', 'full']);
    expect(lengths(lane)).toEqual([9, 1000]);
    expect(lane.offer(message(1000))).toBe('taken');
  });

  it('drops as many as necessary for the new item, and returns the number', () => {
    const lane = new Lane(dropOldest(9, { bytes: 10 }), bytesOf);
    for (const length of [1, 2, 3, 30]) lane.offer(message(length));
    expect([lane.offer(message(7)), lane.displaced]).toEqual(['displaced', 4]);
    expect([lane.offer(message(1)), lane.displaced]).toEqual(['taken', 0]);
    expect(lengths(lane)).toEqual([7, 1]);
  });

  it('counts nothing after it was cleared', () => {
    const lane = new Lane(block(9, { bytes: 10 }), bytesOf);
    lane.offer(message(50));
    expect(lane.clear()).toBe(1);
    expect(lane).toMatchObject({ full: false, sizeBytes: 0 });
  });

  it('holds 4 MiB by default', () =>
    expect(new Lane(block(1), bytesOf).capacityBytes).toBe(4 * 1024 * 1024));

  it('does not limit items without a size', () => {
    const lane = new Lane<string>(block(3, { bytes: 1 }));
    expect(['a', 'b', 'c', 'd'].map((item) => lane.offer(item))).toEqual([
      ...['taken', 'taken', 'taken'],
      'full',
    ]);
    expect(lane).toMatchObject({ sizeBytes: 0, capacityBytes: Infinity });
  });
});
