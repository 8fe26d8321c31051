import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import { forwardClock } from '../../lib/flow/forward-clock.ts';
import { TokenBucket } from '../../lib/flow/token-bucket.ts';

/** A clock that a test can set, even back. */
class SetClock implements Clock {
  ms = 0;
  now(): number {
    return this.ms;
  }
  schedule(): Subscription {
    throw new Error('a bucket waits for nothing');
  }
  afterTurn(): Subscription {
    throw new Error('a bucket waits for nothing');
  }
}

/** How many tokens can be taken, one by one. */
function drained(bucket: TokenBucket): number {
  let count = 0;
  while (bucket.take(1)) count += 1;
  return count;
}

describe('TokenBucket', () => {
  it('is initially full', () => {
    const bucket = new TokenBucket(10, 3, new SetClock());
    expect(drained(bucket)).toBe(3);
  });

  it('has a token after its time, and not a millisecond earlier', () => {
    const clock = new SetClock();
    const bucket = new TokenBucket(10, 3, clock);
    expect(bucket.take(3)).toBe(true);
    clock.ms = 99;
    expect(bucket.take(1)).toBe(false);
    clock.ms = 100;
    expect(bucket.take(1)).toBe(true);
    expect(bucket.take(1)).toBe(false);
    clock.ms = 200;
    expect(bucket.take(1)).toBe(true);
  });

  it('fills up to the burst and no further', () => {
    const clock = new SetClock();
    const bucket = new TokenBucket(10, 3, clock);
    drained(bucket);
    clock.ms = 299;
    expect(drained(bucket)).toBe(2);
    clock.ms = 1_000_000;
    expect(drained(bucket)).toBe(3);
  });

  it('takes all or nothing', () => {
    const bucket = new TokenBucket(1, 5, new SetClock());
    expect(bucket.take(6)).toBe(false);
    expect(bucket.take(0)).toBe(true);
    expect(bucket.take(4)).toBe(true);
    expect(bucket.take(2)).toBe(false);
    expect(bucket.take(1)).toBe(true);
    expect(bucket.take(0)).toBe(true);
  });

  it('L-10 neither gains nor loses tokens when the clock is set back, and keeps filling', () => {
    const clock = new SetClock();
    clock.ms = 1_000_000;
    const bucket = new TokenBucket(10, 2, forwardClock(clock));
    bucket.take(1);
    clock.ms = 0;
    expect(drained(bucket)).toBe(1);
    clock.ms = 99;
    expect(bucket.take(1)).toBe(false);
    clock.ms = 100;
    expect(bucket.take(1)).toBe(true);
  });

  it('yields exactly whole rates, however often it is asked', () => {
    const rate = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(rate, fc.integer({ min: 2, max: 50 }), fc.nat(3000), (perSecond, burst, ms) => {
        const clock = new SetClock();
        const bucket = new TokenBucket(perSecond, burst, clock);
        let taken = drained(bucket);
        expect(taken).toBe(burst);
        for (clock.ms = 1; clock.ms <= ms; clock.ms++) taken += drained(bucket);
        expect(taken).toBe(burst + Math.floor((perSecond * ms) / 1000));
      }),
      { numRuns: 50 },
    );
  });

  it('lends missing tokens, and has none until they are paid off', () => {
    const clock = new SetClock();
    const bucket = new TokenBucket(10, 3, clock);
    bucket.spend(5);
    expect(bucket.take(0)).toBe(false);
    expect(bucket.msUntil(0)).toBe(200);
    expect(bucket.msUntil(1)).toBe(300);
    clock.ms = 299;
    expect([bucket.msUntil(1), bucket.take(1)]).toEqual([1, false]);
    clock.ms = 300;
    expect([bucket.msUntil(1), bucket.take(1)]).toEqual([0, true]);
  });

  it('tells how long until it has a number of tokens, or that it never will', () => {
    const clock = new SetClock();
    const bucket = new TokenBucket(3, 2, clock);
    expect(bucket.msUntil(2)).toBe(0);
    expect(bucket.msUntil(2.001)).toBe(Infinity);
    bucket.spend(2);
    // A third of a second, rounded up to the resolution of timers.
    expect(bucket.msUntil(1)).toBe(334);
  });
});
