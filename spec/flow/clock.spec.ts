import { afterEach, describe, expect, it } from '@jest/globals';
import {
  asapScheduler,
  asyncScheduler,
  EMPTY,
  NEVER,
  of,
  queueScheduler,
  range,
  Subject,
  take,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { afterTurn, clockFrom, systemClock, withDeadline } from '../../lib/flow/clock.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { marbles } from '../support/marbles.ts';

describe('clockFrom', () => {
  it('reports and follows the time of a scheduler', () => {
    const clock = new VirtualClock();
    const { scheduler } = clock;
    const wrapped = clockFrom(scheduler);
    const log: string[] = [];
    wrapped.schedule(() => log.push(`schedule ${wrapped.now()}`), 5);
    wrapped.schedule(() => log.push('cancelled'), 5).unsubscribe();
    wrapped.afterTurn(() => log.push(`afterTurn ${wrapped.now()}`));
    expect(log).toEqual([]);
    scheduler.flush();
    expect(log).toEqual(['afterTurn 0', 'schedule 5']);
  });
});

describe('systemClock', () => {
  it('runs end-of-turn work after the current code and before any delay', async () => {
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.schedule(() => {
        log.push('schedule');
        resolve();
      }, 0);
      systemClock.afterTurn(() => log.push('afterTurn'));
      systemClock.afterTurn(() => log.push('cancelled')).unsubscribe();
      log.push('now');
    });
    expect(log).toEqual(['now', 'afterTurn', 'schedule']);
  });

  it('runs end-of-turn work in order, and work added meanwhile after all of that', async () => {
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      const first = systemClock.afterTurn(() => {
        log.push(`first, ${first.closed ? 'closed' : 'open'}`);
        third.unsubscribe();
        systemClock.afterTurn(() => log.push('from the first'));
        systemClock.afterTurn(resolve);
      });
      systemClock.afterTurn(() => log.push('second'));
      const third = systemClock.afterTurn(() => log.push('third'));
      log.push(first.closed ? 'closed' : 'open');
    });
    expect(log).toEqual(['open', 'first, closed', 'second', 'from the first']);
  });

  it('measures fractions of a millisecond', () => {
    const times = Array.from({ length: 100 }, () => systemClock.now());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.some((ms) => !Number.isInteger(ms))).toBe(true);
  });
});

describe('L-10 clocks on system time when the date is set', () => {
  const dateNow = Date.now;
  afterEach(() => {
    Date.now = dateNow;
  });

  const hour = 3_600_000;
  const clocks = {
    systemClock,
    'clockFrom(asyncScheduler)': clockFrom(asyncScheduler),
    'clockFrom(asapScheduler)': clockFrom(asapScheduler),
    'clockFrom(queueScheduler)': clockFrom(queueScheduler),
  };
  const cases = Object.entries(clocks).flatMap(([name, clock]) =>
    [-hour, hour].map((byMs) => ({ name, clock, byMs })),
  );

  it.each(cases)('$name keeps running when the date is set by $byMs ms', ({ clock, byMs }) => {
    const beforeMs = clock.now();
    const startMs = performance.now();
    Date.now = () => dateNow() + byMs;
    const passedMs = clock.now() - beforeMs;
    expect(passedMs).toBeGreaterThanOrEqual(0);
    // Only the time to get here, not an hour.
    expect(passedMs).toBeLessThanOrEqual(performance.now() - startMs + 1_000);
  });

  it.each([-hour, hour])('even if it is set by %i ms while the clock is read', (byMs) => {
    const startMs = systemClock.now();
    for (const setAt of [1, 2, 3, 4]) {
      let reads = 0;
      Date.now = () => dateNow() + (++reads >= setAt ? byMs : 0);
      const passedMs = systemClock.now() - startMs;
      expect(passedMs).toBeGreaterThanOrEqual(0);
      expect(passedMs).toBeLessThan(60_000);
    }
  });

  it('keeps its timers', async () => {
    const startMs = performance.now();
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.schedule(() => log.push('back'), 10);
      Date.now = () => dateNow() - hour;
      systemClock.schedule(() => log.push('forward'), 15);
      Date.now = () => dateNow() + hour;
      systemClock.schedule(resolve, 30);
    });
    expect(log).toEqual(['back', 'forward']);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  it('uses virtual time inside TestScheduler.run, and its own time again afterwards', () => {
    for (const clock of [systemClock, clockFrom(asyncScheduler)]) {
      const beforeMs = clock.now();
      const times: number[] = [];
      new TestScheduler(() => undefined).run(({ flush }) => {
        times.push(clock.now());
        clock.schedule(() => times.push(clock.now()), 70);
        flush();
        times.push(clock.now());
      });
      expect(times).toEqual([0, 70, 70]);
      expect(clock.now()).toBeGreaterThanOrEqual(beforeMs);
    }
  });

  it('keeps the time of a virtual scheduler, even if that equals the date', () => {
    const scheduler = new TestScheduler(() => undefined);
    scheduler.frame = Date.now();
    expect(clockFrom(scheduler).now()).toBe(scheduler.frame);
  });
});

describe('withDeadline', () => {
  const late = (): unknown => 'error';

  it('passes a first value that is in time and sets no deadline for later ones', () => {
    marbles(({ cold, clock, expectObservable, expectSubscriptions }) => {
      const source = cold('   ----a---b|');
      const subscription = '  ^--------!';
      const result = '        ----a---b|';
      expectObservable(source.pipe(withDeadline(clock, 5, late))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('errors at the deadline', () => {
    marbles(({ cold, clock, expectObservable, expectSubscriptions }) => {
      const source = cold('   ------a');
      const subscription = '  ^----!';
      const result = '        -----#';
      expectObservable(source.pipe(withDeadline(clock, 5, late))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('counts from subscription', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a--------b');
      const subscription = '  ---^----!';
      const result = '        --------#';
      expectObservable(source.pipe(withDeadline(clock, 5, late)), '---^').toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['a source that completes in time', '---|   ', '^--!', '---|'],
    ['an empty source', '                   |      ', '(^!)', '|'],
    ['a source that errors', '                -#     ', '^!', ' -#'],
    ['a source that emits immediately', '         (a|)   ', '(^!)', '(a|)'],
    ['a source that never emits', '           -      ', '^----!', '-----#'],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ cold, clock, expectObservable, expectSubscriptions }) => {
      const source = cold(sourceMarbles);
      expectObservable(source.pipe(withDeadline(clock, 5, late))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('unsubscribes early and leaves no timer', () => {
    const time = new VirtualClock();
    const source = new Subject<string>();
    const subscription = source.pipe(withDeadline(time, 5, late)).subscribe();
    expect(time.dueTimesMs).toEqual([5]);
    subscription.unsubscribe();
    expect(time.dueTimesMs).toEqual([]);
    expect(source.observed).toBe(false);
  });

  it.each([
    ['a value', (source: Subject<string>) => source.next('a')],
    ['completion', (source: Subject<string>) => source.complete()],
  ])('leaves no timer after %s', (_, end) => {
    const time = new VirtualClock();
    const source = new Subject<string>();
    source.pipe(withDeadline(time, 5, late)).subscribe();
    end(source);
    expect(time.dueTimesMs).toEqual([]);
  });

  it('stops a synchronous source once nobody listens', () => {
    const time = new VirtualClock();
    let last = 0;
    const endless = range(1, Infinity).pipe(withDeadline(time, 5, late), take(2));
    endless.subscribe((value) => (last = value));
    expect(last).toBe(2);
    expect(time.dueTimesMs).toEqual([]);
  });

  it('sets no limit if it is 0', () => {
    const time = new VirtualClock();
    NEVER.pipe(withDeadline(time, 0, late)).subscribe();
    expect(time.dueTimesMs).toEqual([]);
  });

  it('errors with what `late` throws', () => {
    marbles(({ cold, clock, expectObservable, expectSubscriptions }) => {
      const source = cold('   -');
      const subscription = '  ^----!';
      const result = '        -----#';
      const throwing = (): never => {
        throw 'error' as unknown as Error;
      };
      expectObservable(source.pipe(withDeadline(clock, 5, throwing))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });
});

describe('afterTurn', () => {
  it('emits each value at the time it arrived', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -(abc)---d|');
      const subscription = '  ^---------!';
      const result = '        -(abc)---d|';
      expectObservable(source.pipe(afterTurn(clock))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['never', '  -   ', '^', '   -'],
    ['empty', '  --| ', '^-!', ' --|'],
    ['error', '  -a-#', '^--!', '-a-#'],
    ['value with completion', '-(a|)', '^!', '-(a|)'],
    ['value with an error, which comes first', '-(a#)', '^!', '-#'],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot(sourceMarbles);
      expectObservable(source.pipe(afterTurn(clock))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('lets the emitting code return first, and keeps the order', () => {
    const time = new VirtualClock();
    const log: string[] = [];
    const source = new Subject<string>();
    source.pipe(afterTurn(time)).subscribe({
      next: (value) => {
        log.push(`got ${value}`);
        if (value === 'a') source.next('c');
      },
      complete: () => log.push('complete'),
    });
    source.next('a');
    source.next('b');
    log.push('emitted');
    time.advance(0);
    source.complete();
    expect(log).toEqual(['emitted', 'got a', 'got b', 'got c', 'complete']);
  });

  it('completes immediately if nothing waits, otherwise after what waits', () => {
    const time = new VirtualClock();
    const log: string[] = [];
    EMPTY.pipe(afterTurn(time)).subscribe({ complete: () => log.push('empty') });
    of('a')
      .pipe(afterTurn(time))
      .subscribe({
        next: (value) => log.push(value),
        complete: () => log.push('complete'),
      });
    expect(log).toEqual(['empty']);
    time.advance(0);
    expect(log).toEqual(['empty', 'a', 'complete']);
  });

  it('drops waiting values when unsubscribed', () => {
    const time = new VirtualClock();
    const log: string[] = [];
    const source = new Subject<string>();
    const subscription = source.pipe(afterTurn(time)).subscribe((value) => log.push(value));
    source.next('a');
    subscription.unsubscribe();
    expect(time.dueTimesMs).toEqual([]);
    expect(source.observed).toBe(false);
    time.advance(10);
    expect(log).toEqual([]);
  });
});
