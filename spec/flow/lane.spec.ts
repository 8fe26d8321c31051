import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf, Lane, type Offered } from '../../lib/flow/lane.ts';
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

  it('retains nothing that was taken, displaced or cleared', async () => {
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

  it('keeps what waits and nothing else', async () => {
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

  it('releases its memory when nothing waits any more', async () => {
    const before = await heapBytes();
    const lanes = Array.from({ length: 5 }, () => new Lane<number>(block(2 ** 17)));
    for (const lane of lanes) while (lane.offer(1) === 'taken');
    expect((await heapBytes()) - before).toBeGreaterThan(4_000_000);
    for (const lane of lanes) while (lane.take() !== undefined);
    expect((await heapBytes()) - before).toBeLessThan(1_000_000);
    expect(lanes.every(({ size }) => size === 0)).toBe(true);
  });

  it('holds up to the largest capacity, and works afterwards', () => {
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

/** A lane modelled with an array. Each item is its own size. */
class Model {
  readonly items: number[] = [];
  readonly options: LaneOptions;
  dropped = 0;

  constructor(options: LaneOptions) {
    this.options = options;
  }

  get bytes(): number {
    return this.items.reduce((sum, item) => sum + item, 0);
  }

  isFull(): boolean {
    const { capacity, bytes = Infinity } = this.options;
    // Summing is slow, and most lanes here have no byte limit.
    return this.items.length >= capacity || (bytes < Infinity && this.bytes >= bytes);
  }

  offer(item: number): Offered {
    this.dropped = 0;
    const { strategy } = this.options;
    if (!this.isFull()) {
      this.items.push(item);
      return 'taken';
    }
    if (strategy === 'block') return 'full';
    if (strategy === 'fail') return 'overflow';
    if (strategy === 'dropNewest') return 'rejected';
    for (; this.isFull(); this.dropped += 1) this.items.shift();
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

const strategies: [string, (capacity: number) => LaneOptions][] = [
  ['block', block],
  ['dropOldest', dropOldest],
  ['dropNewest', dropNewest],
  ['latest', () => latest()],
  ['fail', fail],
];

/** Performs the same steps on both, and compares after each one. */
function compare(lane: Lane<number>, model: Model, kind: string, item: number): void {
  const step = (): [unknown, unknown] => {
    if (kind === 'take') return [lane.take(), model.items.shift()];
    if (kind === 'clear') return [lane.clear(), model.items.splice(0).length];
    return [
      `${lane.offer(item)}, ${lane.displaced} dropped`,
      `${model.offer(item)}, ${model.dropped} dropped`,
    ];
  };
  const [got, wanted] = step();
  if (got !== wanted) expect(`${kind}: ${String(got)}`).toBe(String(wanted));
}

describe('a lane behaves like its model', () => {
  it.each(strategies)('%s', (_, make) => {
    fc.assert(
      fc.property(capacities, operations, (capacity, work) => {
        const options = make(capacity);
        const lane = new Lane<number>(options);
        const model = new Model(options);
        let item = 0;
        for (const { kind, count } of work) {
          for (let i = 0; i < count; i++) compare(lane, model, kind, (item += 1));
          expect(lane.size).toBe(model.items.length);
          expect(lane.peek()).toBe(model.items[0]);
          expect(lane.full).toBe(model.isFull());
        }
        expect(emptied(lane)).toEqual(model.items);
      }),
    );
  });

  const bytes = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 1000 }));
  const sizes = fc.oneof(fc.nat(5), fc.nat(40), fc.nat(2000));
  const few = fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.record({ kind: fc.constant('offer'), item: sizes }) },
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('take'), item: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), item: fc.constant(0) }) },
    ),
    { maxLength: 200, size: 'max' },
  );

  it.each(strategies)('%s, with both limits', (_, make) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), bytes, few, (capacity, most, work) => {
        const options = { ...make(capacity), bytes: most };
        const lane = new Lane<number>(options, (item) => item);
        const model = new Model(options);
        for (const { kind, item } of work) {
          compare(lane, model, kind, item);
          if (lane.sizeBytes !== model.bytes || lane.full !== model.isFull()) {
            expect([lane.sizeBytes, lane.full]).toEqual([model.bytes, model.isFull()]);
          }
          const last = model.items.at(-1) ?? 0;
          if (lane.sizeBytes - last >= most) throw new Error('more than one message stands out');
        }
        expect(emptied(lane)).toEqual(model.items);
      }),
      { numRuns: 150 },
    );
  });
});
