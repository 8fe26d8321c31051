import { describe, expect, it } from '@jest/globals';
import { filter, map } from 'rxjs';
import type { Flow } from '../../lib/flow/flow.ts';
import type { Demand } from '../../lib/flow/demand.ts';
import { block, dropOldest } from '../../lib/flow/strategy.ts';
import type { FakeLink } from '../support/fake-link.ts';
import { LinkedNode, open } from '../support/linked-node.ts';

function arrive(link: FakeLink, ...values: number[]): void {
  for (const value of values) {
    link.arrive({ type: 'data', channel: 7, bytes: Uint8Array.of(value), last: true });
  }
}

function consume<T>(flow: Flow<T>): { heard: (T | string)[]; demand: Demand } {
  const heard: (T | string)[] = [];
  const demand = flow.consume({
    next: (value) => heard.push(value),
    error: (error) => heard.push(String(error)),
    complete: () => heard.push('|'),
  });
  return { heard, demand };
}

const first = map(({ message }: { message: Uint8Array }) => message[0] ?? -1);

describe('in$ consumed with demand', () => {
  it('delivers as many messages as were requested; the others wait in the lane', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(4) });
    const { link } = node.peer(1);
    const { heard, demand } = consume(channel.in$.pipe(first));
    arrive(link, 1);
    expect(heard).toEqual([]);
    demand.request(3);
    expect(heard).toEqual([1]);
    arrive(link, 2, 3, 4, 5);
    expect(heard).toEqual([1, 2, 3]);
    demand.request(1);
    expect(heard).toEqual([1, 2, 3, 4]);
    demand.request(Infinity);
    expect(heard).toEqual([1, 2, 3, 4, 5]);
    channel.close();
    expect(heard).toEqual([1, 2, 3, 4, 5, '|']);
  });

  it('lets the lane decide what waits', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: dropOldest(2) });
    const { link } = node.peer(1);
    const { heard, demand } = consume(channel.in$.pipe(first));
    arrive(link, 1, 2, 3, 4);
    demand.request(5);
    expect(heard).toEqual([3, 4]);
    expect(node.takeDrops()).toEqual(['in 7 lane-full 2']);
  });

  it('requests replacements for what a filter skips', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(8) });
    const { link } = node.peer(1);
    const { heard, demand } = consume(
      channel.in$.pipe(
        first,
        filter((n) => n % 2 === 0),
      ),
    );
    arrive(link, 1, 2, 3, 4);
    demand.request(1);
    expect(heard).toEqual([2]);
    demand.request(1);
    expect(heard).toEqual([2, 4]);
  });

  it('follows its slowest consumer until that leaves', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(8) });
    const { link } = node.peer(1);
    const all: number[] = [];
    channel.in$.pipe(first).subscribe((n) => all.push(n));
    const quick = consume(channel.in$.pipe(first));
    const slow = consume(channel.in$.pipe(first));
    arrive(link, 1, 2, 3, 4);
    quick.demand.request(10);
    expect(all).toEqual([]);
    slow.demand.request(2);
    expect([all, quick.heard, slow.heard]).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    slow.demand.unsubscribe();
    expect([all, quick.heard, slow.heard]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2],
    ]);
  });

  it('delivers one message per turn to `for await` on the channel', async () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(8) });
    const { link } = node.peer(1);
    arrive(link, 1, 2, 3);
    const heard: (number | undefined)[] = [];
    for await (const { message } of channel) {
      heard.push(message[0]);
      if (heard.length === 2) break;
    }
    expect(heard).toEqual([1, 2]);
    channel.in$.pipe(first).subscribe((n) => heard.push(n));
    expect(heard).toEqual([1, 2, 3]);
  });
});
