import { describe, expect, it } from '@jest/globals';
import { of, range } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { rateLimit } from '../../operators/rate-limit.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';

describe('rateLimit behind a flow', () => {
  it('requests one more for each value dropped', () => {
    const clock = new VirtualClock();
    const numbers = new Numbers(10);
    const dropped: number[] = [];
    const { heard, demand } = consume(
      flowFrom(numbers).pipe(
        rateLimit({
          perSecond: 10,
          cost: (value) => (value < 5 ? 100 : 1),
          onDrop: (value) => dropped.push(value),
          clock,
        }),
      ),
    );
    demand.request(1);
    expect([heard, dropped, numbers.calls]).toEqual([[5], [0, 1, 2, 3, 4], 6]);
  });
});

describe("rateLimit with excess: 'wait'", () => {
  it('does what its marble shows', () => {
    marbles(({ clock, expectObservable }) => {
      const options = { perSecond: 100, burst: 2, excess: 'wait', clock } as const;
      const result = '(ab)------c---------d---------|';
      expectObservable(flowFrom('abcd').pipe(rateLimit(options))).toBe(result);
    });
  });

  it('requests a value when there is a token and demand, and waits with one timer', () => {
    const clock = new VirtualClock();
    const numbers = new Numbers(100);
    const { heard, demand } = consume(
      flowFrom(numbers).pipe(rateLimit({ perSecond: 10, burst: 2, excess: 'wait', clock })),
    );
    expect([numbers.calls, clock.dueTimesMs]).toEqual([0, []]);
    demand.request(3);
    expect([heard, numbers.calls, clock.dueTimesMs]).toEqual([[0, 1], 2, [100]]);
    demand.request(1);
    expect(clock.dueTimesMs).toEqual([100]);
    clock.advance(99);
    expect(numbers.calls).toBe(2);
    clock.advance(1);
    expect([heard, clock.dueTimesMs]).toEqual([[0, 1, 2], [200]]);
    clock.advance(1000);
    expect([heard, clock.dueTimesMs]).toEqual([[0, 1, 2, 3], []]);
    demand.request(10);
    expect(heard).toHaveLength(6);
    demand.unsubscribe();
    expect([numbers.open, clock.dueTimesMs]).toEqual([0, []]);
  });

  it('passes a value at any cost, and pays it off before the next', () => {
    const clock = new VirtualClock();
    const { heard, demand } = consume(
      flowFrom([500, 0, 1]).pipe(
        rateLimit({ perSecond: 100, burst: 10, cost: (n) => n, excess: 'wait', clock }),
      ),
    );
    demand.request(3);
    expect(heard).toEqual([500]);
    clock.advance(4909);
    expect(heard).toEqual([500]);
    clock.advance(1);
    expect(heard).toEqual([500, 0, 1]);
  });

  it('waits for a full bucket if that holds less than one token', () => {
    const clock = new VirtualClock();
    const { heard, demand } = consume(
      flowFrom([1, 2]).pipe(rateLimit({ perSecond: 10, burst: 0.5, excess: 'wait', clock })),
    );
    demand.request(2);
    expect(heard).toEqual([1]);
    clock.advance(99);
    expect(heard).toEqual([1]);
    clock.advance(1);
    expect(heard).toEqual([1, 2]);
  });

  it('waits in several steps if the wait exceeds the longest timer', () => {
    const clock = new VirtualClock();
    const { heard, demand } = consume(
      flowFrom([1, 2]).pipe(rateLimit({ perSecond: 2 ** -24, burst: 1, excess: 'wait', clock })),
    );
    demand.request(2);
    expect(clock.dueTimesMs).toEqual([2 ** 31 - 1]);
    clock.advance(2 ** 24 * 1000 - 1);
    expect(heard).toEqual([1]);
    clock.advance(1);
    expect(heard).toEqual([1, 2]);
    demand.unsubscribe();
  });

  it('errors with the source', () => {
    const failing = consume(
      flowFrom(new Numbers(0, new Error('no'))).pipe(rateLimit({ perSecond: 1, excess: 'wait' })),
    );
    failing.demand.request(1);
    expect(failing.heard).toEqual(['Error: no']);
  });

  it('works on flows only', () => {
    expect(() => of(1).pipe(rateLimit({ perSecond: 1, excess: 'wait' }))).toThrow(TypeError);
    expect(() => range(0, 1).pipe(rateLimit({ perSecond: 1, excess: 'drop' }))).not.toThrow();
  });
});

trackLeaks();
