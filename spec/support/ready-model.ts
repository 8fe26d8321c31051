import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Ranked } from '../../lib/session/ranked.ts';
import { runs } from './runs.ts';

/** An item with a rank. */
export interface Item extends Ranked {
  readonly name: number;
}

/** A heap or a queue. */
interface Ready {
  readonly size: number;
  push(item: Item): void;
  pop(): Item | undefined;
  exchange(item: Item): Item;
  remove(item: Item): boolean;
}

/** The same by sorting a list. */
class SortedList {
  #items: Item[] = [];

  push(item: Item): void {
    this.#items.push(item);
    this.#items.sort((a, b) => (a.rank === b.rank ? a.order - b.order : a.rank < b.rank ? -1 : 1));
  }

  pop(): Item | undefined {
    return this.#items.shift();
  }

  exchange(item: Item): Item {
    this.push(item);
    return this.pop() ?? item;
  }

  remove(item: Item): void {
    this.#items = this.#items.filter((each) => each !== item);
  }

  get items(): readonly Item[] {
    return this.#items;
  }
}

const rank = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-Infinity, Infinity, 0.5));
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('push' as const), rank }) },
  fc.record({ type: fc.constant('pop' as const) }),
  fc.record({ type: fc.constant('exchange' as const), rank }),
  fc.record({ type: fc.constant('remove' as const), which: fc.nat(50) }),
);

/** Checks that `make()` matches a sorted list, whatever is added and removed. */
export function expectSorted(make: () => Ready): void {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const ready = make();
      const list = new SortedList();
      // Compared at the end, because each `expect` takes longer than the heap.
      const found: unknown[] = [];
      const wanted: unknown[] = [];
      steps.forEach((each, order) => {
        if (each.type === 'push') {
          const item = { name: order, rank: each.rank, order };
          ready.push(item);
          list.push(item);
        } else if (each.type === 'pop') {
          found.push(ready.pop());
          wanted.push(list.pop());
        } else if (each.type === 'exchange') {
          const item = { name: order, rank: each.rank, order };
          found.push(ready.exchange(item));
          wanted.push(list.exchange(item));
        } else {
          const item = list.items[each.which % (list.items.length || 1)];
          if (item === undefined) return;
          found.push(ready.remove(item));
          wanted.push(true);
          list.remove(item);
        }
        found.push(ready.size);
        wanted.push(list.items.length);
      });
      for (const item of [...list.items, undefined]) {
        found.push(ready.pop());
        wanted.push(item);
      }
      expect(found).toEqual(wanted);
    }),
    { numRuns: runs(100) },
  );
}
