import { describe, expect, it } from '@jest/globals';
import { ReadyQueue } from '../../lib/session/ready-queue.ts';
import { expectSorted, type Item } from '../support/ready-model.ts';

const item = (rank: number, order = rank): Item => ({ name: rank, rank, order });

describe('ReadyQueue', () => {
  it('matches a sorted list, whatever is added and removed', () => {
    expectSorted(() => new ReadyQueue<Item>());
  });

  it('does so for thousands of items that alternate, beside a few that go first', () => {
    const queue = new ReadyQueue<Item>();
    for (let n = 0; n < 3_000; n += 1) queue.push(item(n));
    const [found, wanted]: [unknown[], number[]] = [[], []];
    for (let n = 0; n < 10_000; n += 1) {
      found.push(queue.pop()?.name);
      wanted.push(n);
      queue.push(item(n + 3_000));
      if (n % 100 > 0) continue;
      queue.push(item(n + 0.5));
      found.push(queue.pop()?.name);
      wanted.push(n + 0.5);
    }
    expect(found).toEqual(wanted);
    expect(queue.size).toBe(3_000);
  });

  it('removes nothing that it does not contain', () => {
    const queue = new ReadyQueue<Item>();
    queue.push(item(1));
    expect(queue.remove(item(1))).toBe(false);
    expect(queue.size).toBe(1);
  });

  it('can be emptied at once', () => {
    const queue = new ReadyQueue<Item>();
    for (const rank of [3, 1, 4, 2]) queue.push(item(rank));
    queue.clear();
    expect([queue.size, queue.pop()]).toEqual([0, undefined]);
    queue.push(item(2));
    expect([queue.pop()?.name, queue.pop()]).toEqual([2, undefined]);
  });
});
