import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  compareStanding,
  Decay,
  noAmount,
  scoreMax,
  worthOf,
  type Amount,
} from '../../lib/peers/scores.ts';
import { id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

const hour = 3_600_000;

describe('worthOf', () => {
  it('B-07 is the same for a good note as against a bad one', () => {
    const peer = id('a');
    expect(worthOf({ peer, severity: 'note', good: true, reason: '' })).toBe(1);
    expect(worthOf({ peer, severity: 'note', reason: '' })).toBe(-1);
  });

  it.each([
    ['note', -1],
    ['penalize', -10],
    ['disconnect', -10],
    ['ban', -100],
  ] as const)('of %s is %i', (severity, worth) => {
    expect(worthOf({ peer: id('a'), severity, reason: '' })).toBe(worth);
  });
});

describe('Decay', () => {
  it('halves an amount with each half-life and adds to what is left', () => {
    const decay = new Decay(hour);
    const amount = decay.plus(noAmount, 8, 0);
    expect([0, 1, 2].map((hours) => decay.valueAt(amount, hours * hour))).toEqual([8, 4, 2]);
    expect(decay.plus(amount, 3, hour)).toEqual({ value: 7, atMs: hour });
  });

  it('keeps an amount within the bounds of a score', () => {
    const decay = new Decay(0);
    expect(decay.plus(noAmount, 1e9, 0).value).toBe(scoreMax - 1);
    expect(decay.plus(noAmount, -1e9, 0).value).toBe(-scoreMax);
  });

  it('orders amounts of different times by their values, at whatever time they are compared', () => {
    const amount = fc.record({
      value: fc.integer({ min: -100, max: 100 }),
      atMs: fc.integer({ min: 0, max: 20 * hour }),
    });
    const halfLife = fc.constantFrom(0, hour, 10 * hour);
    fc.assert(
      fc.property(amount, amount, halfLife, (a: Amount, b: Amount, halfLifeMs) => {
        const decay = new Decay(halfLifeMs);
        const order = compareStanding(decay.standing(a), decay.standing(b));
        for (const nowMs of [20 * hour, 40 * hour]) {
          const [left, right] = [decay.valueAt(a, nowMs), decay.valueAt(b, nowMs)];
          const difference = left - right;
          // Standings are rounded: two that are as close as this count as the same.
          const size = Math.max(Math.abs(left), Math.abs(right));
          if (Math.abs(difference) <= size * 2e-6) continue;
          expect(Math.sign(order)).toBe(Math.sign(difference));
        }
      }),
    );
  });

  it('orders amounts that have long vanished', () => {
    const decay = new Decay(1);
    const [early, late] = [0, 1].map((atMs) => decay.standing({ value: 1, atMs }));
    if (early === undefined || late === undefined) throw new Error('none');
    expect(compareStanding(late, early)).toBeGreaterThan(0);
    const old = decay.standing({ value: -1, atMs: 1e9 });
    expect(compareStanding(old, decay.standing({ value: -1, atMs: 1e9 + 1 }))).toBeGreaterThan(0);
    expect(compareStanding(old, decay.standing(noAmount))).toBeLessThan(0);
  });
});

trackLeaks();
