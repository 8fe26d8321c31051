import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Lane, type Offered } from '../../lib/flow/lane.ts';
import {
  block,
  dropNewest,
  dropOldest,
  fail,
  latest,
  type LaneOptions,
} from '../../lib/flow/strategy.ts';
import { collectGarbage, heapBytes } from '../support/garbage.ts';

/** Everything that waits, in order. */
function emptied<T>(lane: Lane<T>): T[] {
  return Array.from({ length: lane.size }, () => lane.take() as T);
}

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

  it('is empty at first', () => {
    const lane = new Lane<string>(block(2));
    expect(lane).toMatchObject({ strategy: 'block', capacity: 2, size: 0, full: false });
    expect(lane.peek()).toBeUndefined();
    expect(lane.take()).toBeUndefined();
    expect(lane.clear()).toBe(0);
    expect(lane.size).toBe(0);
  });

  it('takes undefined for a value like any other', () => {
    const lane = new Lane<string | undefined>(block(3));
    lane.offer(undefined);
    lane.offer('a');
    expect(lane.size).toBe(2);
    expect(emptied(lane)).toEqual([undefined, 'a']);
  });

  it('keeps nothing alive that was taken, displaced or cleared', async () => {
    const lane = new Lane<object>(dropOldest(2));
    const gone = [1, 2, 3, 4].map((number) => {
      const item = { number };
      lane.offer(item);
      return new WeakRef(item);
    });
    lane.take();
    lane.clear();
    await collectGarbage();
    expect(gone.map((item) => item.deref())).toEqual(Array(4).fill(undefined));
    expect(lane.size).toBe(0);
  });

  it('keeps what waits, and only that', async () => {
    const lane = new Lane<object>(dropOldest(2));
    const items = [1, 2, 3, 4].map((number) => {
      const item = { number };
      lane.offer(item);
      return new WeakRef(item);
    });
    lane.take();
    await collectGarbage();
    expect(items.map((item) => item.deref())).toEqual([
      undefined,
      undefined,
      undefined,
      { number: 4 },
    ]);
    expect(lane.size).toBe(1);
  });

  it('gives its memory back when nothing waits any more', async () => {
    const before = await heapBytes();
    const lanes = Array.from({ length: 20 }, () => new Lane<number>(block(2 ** 17)));
    for (const lane of lanes) while (lane.offer(1) === 'taken');
    expect((await heapBytes()) - before).toBeGreaterThan(10_000_000);
    for (const lane of lanes) while (lane.take() !== undefined);
    expect((await heapBytes()) - before).toBeLessThan(1_000_000);
    expect(lanes.every(({ size }) => size === 0)).toBe(true);
  });

  it('holds as many as the largest capacity allows, and works on after that', () => {
    const capacity = 2 ** 20;
    const lane = new Lane<number>(dropNewest(capacity));
    for (let i = 0; i < capacity; i++) lane.offer(i);
    expect(lane.offer(capacity)).toBe('rejected');
    for (let i = 0; i < capacity; i++) if (lane.take() !== i) throw new Error(`not ${i}`);
    expect(lane.take()).toBeUndefined();
    lane.offer(7);
    expect(emptied(lane)).toEqual([7]);
  });
});

/** What a lane is, said with an array. */
class Model {
  readonly items: number[] = [];
  readonly options: LaneOptions;

  constructor(options: LaneOptions) {
    this.options = options;
  }

  offer(item: number): Offered {
    const { strategy, capacity } = this.options;
    if (this.items.length < capacity) {
      this.items.push(item);
      return 'taken';
    }
    if (strategy === 'block') return 'full';
    if (strategy === 'fail') return 'overflow';
    if (strategy === 'dropNewest') return 'rejected';
    this.items.shift();
    this.items.push(item);
    return 'displaced';
  }
}

const capacities = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(64, 1500, 4096));
const operations = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('offer'), count: fc.nat(12) }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('take'), count: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('offer'), count: fc.nat(3000) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('take'), count: fc.nat(3000) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), count: fc.constant(1) }) },
  ),
  { maxLength: 60 },
);

describe('a lane behaves as its model', () => {
  it.each<[string, (capacity: number) => LaneOptions]>([
    ['block', block],
    ['dropOldest', dropOldest],
    ['dropNewest', dropNewest],
    ['latest', latest],
    ['fail', fail],
  ])('%s', (_, make) => {
    fc.assert(
      fc.property(capacities, operations, (capacity, work) => {
        const options = make(capacity);
        const lane = new Lane<number>(options);
        const model = new Model(options);
        let item = 0;
        const step = (kind: string): [unknown, unknown] => {
          if (kind === 'take') return [lane.take(), model.items.shift()];
          if (kind === 'clear') return [lane.clear(), model.items.splice(0).length];
          item += 1;
          return [lane.offer(item), model.offer(item)];
        };
        for (const { kind, count } of work) {
          for (let i = 0; i < count; i++) {
            const [got, wanted] = step(kind);
            if (got !== wanted) expect(`${kind}: ${String(got)}`).toBe(String(wanted));
          }
          expect(lane.size).toBe(model.items.length);
          expect(lane.peek()).toBe(model.items[0]);
          expect(lane.full).toBe(model.items.length === options.capacity);
        }
        expect(emptied(lane)).toEqual(model.items);
      }),
    );
  });
});
