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
import { emptied } from '../support/emptied.ts';
import { runs } from '../support/runs.ts';

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
          const found = [lane.size, lane.peek(), lane.full];
          const wanted = [model.items.length, model.items[0], model.isFull()];
          if (found.some((each, at) => each !== wanted[at])) expect(found).toEqual(wanted);
        }
        expect(emptied(lane)).toEqual(model.items);
      }),
      { numRuns: runs(100) },
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
      { numRuns: runs(150) },
    );
  });
});
