import { describe, expect, it } from '@jest/globals';
import { ReadyHeap } from '../../lib/session/ready-heap.ts';
import { expectSorted, type Item } from '../support/ready-model.ts';

describe('ReadyHeap', () => {
  it('matches a sorted list, whatever is added and removed', () => {
    expectSorted(() => new ReadyHeap<Item>());
  });

  it('uses the rank that an item had when it was added', () => {
    const heap = new ReadyHeap<Item>();
    const items = [1, 2, 3].map((rank) => ({ name: rank, rank, order: 0 }));
    for (const item of items) heap.push(item);
    for (const item of items) item.rank = -item.rank;
    expect([heap.pop(), heap.pop(), heap.pop()]).toEqual(items);
  });

  it('removes nothing that it does not contain', () => {
    const heap = new ReadyHeap<Item>();
    const stays = { name: 1, rank: 1, order: 1 };
    heap.push(stays);
    expect(heap.remove({ name: 2, rank: 0, order: 0 })).toBe(false);
    expect(heap.pop()).toBe(stays);
  });

  it('can be emptied at once', () => {
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
