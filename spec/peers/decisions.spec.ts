import { describe, expect, it } from '@jest/globals';
import { of, take } from 'rxjs';
import { boundedMergeMap } from '../../operators/bounded-merge-map.ts';
import { Decisions } from '../../lib/peers/decisions.ts';
import { at, Bench, failure, VirtualTime } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

/** Decides 1, 2, 3 and so on while there is demand. */
function counting(): Decisions<number> {
  let count = 0;
  const decide = (): void => {
    while (decisions.isWanted && count < 1_000) decisions.next((count += 1));
  };
  const decisions: Decisions<number> = new Decisions(new VirtualTime().clock, decide);
  return decisions;
}

describe('Decisions', () => {
  it('are made as far as there is demand, and no further', () => {
    const seen: unknown[] = [];
    const demand = counting().flow.consume({
      next: (value) => seen.push(value),
      error: (error) => seen.push(error),
      complete: () => seen.push('complete'),
    });
    expect(seen).toEqual([]);
    demand.request(2);
    expect(seen).toEqual([1, 2]);
    demand.request(1);
    expect(seen).toEqual([1, 2, 3]);
    demand.unsubscribe();
    demand.request(1);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('are not made for a subscriber that has enough', () => {
    const decisions = counting();
    const seen: number[] = [];
    decisions.flow.pipe(take(2)).subscribe((value) => seen.push(value));
    decisions.flow.pipe(take(1)).subscribe((value) => seen.push(value));
    expect(seen).toEqual([1, 2, 3]);
    expect(decisions.isWanted).toBe(false);
  });

  it('reach all subscribers', () => {
    const decisions = new Decisions<string>(new VirtualTime().clock, () => undefined);
    const seen: string[] = [];
    const first = decisions.flow.subscribe((value) => seen.push(`1 ${value}`));
    decisions.flow.subscribe((value) => seen.push(`2 ${value}`));
    decisions.next('a');
    first.unsubscribe();
    decisions.next('b');
    expect(seen).toEqual(['1 a', '2 a', '2 b']);
  });

  it('report when nobody listens any more', () => {
    let changes = 0;
    const decisions = new Decisions(new VirtualTime().clock, () => (changes += 1));
    const subscription = decisions.flow.subscribe();
    expect([decisions.isWanted, changes]).toEqual([true, 1]);
    subscription.unsubscribe();
    expect(decisions.isWanted).toBe(false);
    expect(changes).toBeGreaterThan(1);
  });

  it('complete for current and later subscribers', () => {
    const decisions = counting();
    const ends: string[] = [];
    decisions.flow.consume({
      next: () => undefined,
      error: () => undefined,
      complete: () => ends.push('now'),
    });
    decisions.complete();
    decisions.flow.subscribe({ complete: () => ends.push('later') });
    expect(ends).toEqual(['now', 'later']);
  });
});

describe('PeerManager: dials$ as a flow', () => {
  it('hands out no more concurrent dials than its consumer handles', () => {
    const bench = new Bench({ addresses: [at('a'), at('b'), at('c')], retryMinMs: 0 });
    const dialed: string[] = [];
    bench.manager.dials$
      .pipe(
        boundedMergeMap((address) => {
          dialed.push(address.id.slice(0, 1));
          bench.time.clock.schedule(() => bench.manager.dialFailed(address, failure()), 10);
          return new Promise(() => undefined);
        }),
      )
      .subscribe();
    bench.time.advance(100);
    expect(dialed).toEqual(['a']);
  });

  it('continues with the next when its consumer is done with one', () => {
    const bench = new Bench({ addresses: [at('a'), at('b'), at('c')], retryMinMs: 0 });
    const dialed: string[] = [];
    bench.manager.dials$.pipe(boundedMergeMap((address) => of(address))).subscribe((address) => {
      dialed.push(address.id.slice(0, 1));
    });
    expect(dialed).toEqual(['a', 'b', 'c']);
  });

  it('runs on the clock of the manager', () => {
    const bench = new Bench();
    bench.time.advance(5);
    expect(bench.manager.dials$.clock?.now()).toBe(5);
    expect(bench.manager.evictions$.clock?.now()).toBe(5);
  });
});

trackLeaks();
