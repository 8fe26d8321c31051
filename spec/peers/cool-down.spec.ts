import { describe, expect, it } from '@jest/globals';
import { coolDownMs } from '../../lib/peers/cool-down.ts';
import { limitsFrom } from '../../lib/peers/limits.ts';
import { simulate } from '../support/maker.ts';

describe('coolDownMs', () => {
  const limits = limitsFrom({});
  const wait = (briefVisits: number, random: number, given = limits): number =>
    coolDownMs({ briefVisits, isPersistent: false }, given, () => random);

  it('B-14 is the cool-down, and doubles with each further brief visit up to the longest wait', () => {
    expect([0, 1, 2, 3, 99, Infinity].map((visits) => wait(visits, 0))).toEqual([
      2_000, 2_000, 4_000, 8_000, 1_800_000, 1_800_000,
    ]);
  });

  it('adds whole milliseconds of jitter: at most half the wait, and at most retryJitterMs', () => {
    expect([0.5, 0.9999].map((random) => wait(0, random))).toEqual([2_500, 2_999]);
    expect(wait(99, 0.9999)).toBe(1_804_999);
    expect(wait(0, 0.9999, { ...limits, retryJitterMs: 100 })).toBe(2_099);
    expect(wait(0, 0.9999, { ...limits, retryJitterMs: 0 })).toBe(2_000);
    expect(wait(9, 0.9999, { ...limits, disconnectCooldownMs: 0 })).toBe(0);
  });
});

describe('B-14 the peers of a node that restarts', () => {
  it('come back one after another', () => {
    const net = simulate({ nodes: 21, latencyMs: 5, knows: (_, other) => other === 0 });
    net.start();
    net.crash(0);
    net.advance(1);
    net.restart(0);
    net.advance(60_000);
    const ups = net.log.filter(({ node, event }) => node === 0 && event.type === 'peer-up');
    const back = ups.slice(20).map(({ atMs }) => atMs);
    expect(back).toHaveLength(20);
    expect(new Set(back).size).toBeGreaterThan(15);
    net.stop();
  });
});
