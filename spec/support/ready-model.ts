import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Ranked } from '../../lib/session/ranked.ts';

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
      steps.forEach((each, order) => {
        if (each.type === 'push') {
          const item = { name: order, rank: each.rank, order };
          ready.push(item);
          list.push(item);
        } else if (each.type === 'pop') {
          expect(ready.pop()).toBe(list.pop());
        } else if (each.type === 'exchange') {
          const item = { name: order, rank: each.rank, order };
          const first = ready.exchange(item);
          expect(first).toBe(list.exchange(item));
        } else {
          const item = list.items[each.which % (list.items.length || 1)];
          if (item === undefined) return;
          expect(ready.remove(item)).toBe(true);
          list.remove(item);
        }
        expect(ready.size).toBe(list.items.length);
      });
      for (const item of [...list.items]) expect(ready.pop()).toBe(item);
      expect(ready.pop()).toBeUndefined();
    }),
  );
}
