import { describe, expect, it } from '@jest/globals';
import { NodeClock } from '../../lib/testing/node-clock.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';

describe('the clock of a node', () => {
  it('has a date that can be set, while its time goes on', () => {
    const clock = new VirtualClock();
    const [one, other] = [new NodeClock(clock), new NodeClock(clock)];
    const log: number[] = [];
    one.schedule(() => log.push(one.now()), 20);
    clock.advance(10);
    one.setDate(-3_600_000);
    one.setDate(500);
    expect([one.now(), one.date(), other.date()]).toEqual([10, -3_599_490, 10]);
    clock.advance(10);
    expect(log).toEqual([20]);
  });

  it('runs what came due while it was frozen when it goes on, except what was cancelled', () => {
    const clock = new VirtualClock();
    const node = new NodeClock(clock);
    const log: string[] = [];
    const at = (ms: number) => node.schedule(() => log.push(`${ms} at ${clock.now()}`), ms);
    at(5);
    node.freeze();
    const cancelled = at(6);
    at(7);
    at(20);
    clock.advance(10);
    cancelled.unsubscribe();
    expect(log).toEqual([]);
    node.thaw();
    clock.advance(20);
    expect(log).toEqual(['5 at 10', '7 at 10', '20 at 20']);
  });
});
