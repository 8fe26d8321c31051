import { describe, expect, it } from '@jest/globals';
import { LaneBacklog } from '../../lib/flow/backlog.ts';
import type { Demand } from '../../lib/flow/demand.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { Hub } from '../../lib/flow/hub.ts';
import { fail } from '../../lib/flow/strategy.ts';

function consume(
  hub: Hub<number>,
  onNext: (value: number) => void = () => undefined,
): { heard: unknown[]; demand: Demand } {
  const heard: unknown[] = [];
  const demand = hub.flow.consume({
    next: (value) => {
      heard.push(value);
      onNext(value);
    },
    error: (error) => heard.push(error),
    complete: () => heard.push('|'),
  });
  return { heard, demand };
}

describe('Hub', () => {
  it('is ready when all of its consumers want a value', () => {
    let calls = 0;
    const hub = new Hub<number>(() => (calls += 1));
    expect(hub.ready).toBe(false);
    const a = consume(hub);
    const b = consume(hub);
    a.demand.request(1);
    expect(hub.ready).toBe(false);
    b.demand.request(2);
    expect(hub.ready).toBe(true);
    expect(calls).toBe(2);
    hub.next(1);
    expect(hub.ready).toBe(false);
    a.demand.unsubscribe();
    expect(hub.ready).toBe(true);
    expect([a.heard, b.heard]).toEqual([[1], [1]]);
  });

  it('gives each consumer the value during which one of them completes the hub', () => {
    const hub = new Hub<number>(() => undefined);
    const first = consume(hub, () => hub.complete());
    const second = consume(hub);
    for (const { demand } of [first, second]) demand.request(1);
    hub.next(1);
    expect([first.heard, second.heard]).toEqual([
      [1, '|'],
      [1, '|'],
    ]);
  });

  it('gives nothing to a consumer that another one unsubscribes meanwhile, nor to one that just joined', () => {
    const hub = new Hub<number>(() => undefined);
    let late: { heard: unknown[] } | undefined;
    const first = consume(hub, () => {
      second.demand.unsubscribe();
      late = consume(hub);
    });
    const second = consume(hub);
    for (const { demand } of [first, second]) demand.request(Infinity);
    hub.next(1);
    expect([first.heard, second.heard, late?.heard]).toEqual([[1], [], []]);
    expect(hub.ready).toBe(false);
  });

  it('completes a consumer that joins after the end', () => {
    const hub = new Hub<number>(() => undefined);
    hub.complete();
    const { heard, demand } = consume(hub);
    demand.request(1);
    demand.unsubscribe();
    expect(heard).toEqual(['|']);
  });

  it('ends all consumers with an error, including later ones', () => {
    const hub = new Hub<number>(() => undefined);
    const first = consume(hub, () => hub.error('broken'));
    const second = consume(hub);
    for (const { demand } of [first, second]) demand.request(1);
    hub.next(1);
    hub.complete();
    expect([first.heard, second.heard, consume(hub).heard]).toEqual([
      [1, 'broken'],
      [1, 'broken'],
      ['broken'],
    ]);
  });

  it('knows whether any consumer wants a value, and whether it has consumers', () => {
    const hub = new Hub<number>(() => undefined);
    expect([hub.isEmpty, hub.isWanted]).toEqual([true, false]);
    // It has room for a value without demand for it.
    const lane = new Flow<number>((sink) => {
      const demand = hub.connect(sink);
      sink.keep(new LaneBacklog(fail(1), () => undefined), { onOverflow: () => undefined });
      demand.request(1);
      return { request: () => undefined, unsubscribe: () => demand.unsubscribe() };
    });
    const heard: unknown[] = [];
    const consumer = {
      next: (value: number) => heard.push(value),
      error: (error: unknown) => heard.push(error),
      complete: () => heard.push('|'),
    };
    const demand = lane.consume(consumer);
    expect([hub.isEmpty, hub.ready, hub.isWanted]).toEqual([false, true, false]);
    hub.next(1);
    expect([hub.ready, heard]).toEqual([false, []]);
    demand.request(2);
    expect([hub.isWanted, heard]).toEqual([true, [1]]);
    demand.unsubscribe();
    expect([hub.isEmpty, hub.isWanted]).toEqual([true, false]);
  });
});
