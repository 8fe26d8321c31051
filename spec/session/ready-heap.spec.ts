import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReadyHeap, type Ranked } from '../../lib/session/ready-heap.ts';

interface Item extends Ranked {
  readonly name: number;
}

/** What a heap has to do, by sorting. */
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

describe('ReadyHeap', () => {
  it('does what a sorted list does, whatever is put in and taken out', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const heap = new ReadyHeap<Item>();
        const list = new SortedList();
        steps.forEach((each, order) => {
          if (each.type === 'push') {
            const item = { name: order, rank: each.rank, order };
            heap.push(item);
            list.push(item);
          } else if (each.type === 'pop') {
            expect(heap.pop()).toBe(list.pop());
          } else if (each.type === 'exchange') {
            const item = { name: order, rank: each.rank, order };
            const first = heap.exchange(item);
            expect(first).toBe(list.exchange(item));
          } else {
            const item = list.items[each.which % (list.items.length || 1)];
            if (item === undefined) return;
            expect(heap.remove(item)).toBe(true);
            list.remove(item);
          }
          expect(heap.size).toBe(list.items.length);
        });
        for (const item of [...list.items]) expect(heap.pop()).toBe(item);
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });

  it('goes by the rank that an item had when it was put in', () => {
    const heap = new ReadyHeap<Item>();
    const items = [1, 2, 3].map((rank) => ({ name: rank, rank, order: 0 }));
    for (const item of items) heap.push(item);
    for (const item of items) item.rank = -item.rank;
    expect([heap.pop(), heap.pop(), heap.pop()]).toEqual(items);
  });

  it('takes nothing out that does not stand in it', () => {
    const heap = new ReadyHeap<Item>();
    const stays = { name: 1, rank: 1, order: 1 };
    heap.push(stays);
    expect(heap.remove({ name: 2, rank: 0, order: 0 })).toBe(false);
    expect(heap.pop()).toBe(stays);
  });

  it('lets go of everything at once', () => {
    const heap = new ReadyHeap<Item>();
    const items = [3, 1, 2].map((name) => ({ name, rank: name, order: name }));
    for (const item of items) heap.push(item);
    heap.clear();
    expect(heap.size).toBe(0);
    expect(heap.pop()).toBeUndefined();
    for (const item of items.slice(1)) heap.push(item);
    expect([heap.pop(), heap.pop(), heap.pop()]).toEqual([items[1], items[2], undefined]);
  });
});
