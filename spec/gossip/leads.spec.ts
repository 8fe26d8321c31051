import { describe, expect, it } from '@jest/globals';
import { Leads } from '../../lib/gossip/leads.ts';
import { identityOf } from '../support/mock-node.ts';

const [a, b, c] = [1, 2, 3].map((n) => identityOf(n).id).sort();
if (a === undefined || b === undefined || c === undefined) throw new Error('three IDs');

describe('the origin that leads', () => {
  it('is the only one that publishes', () => {
    const leads = new Leads(8);
    for (const nowMs of [0, 1, 999, 1_000, 5_000]) expect(leads.heard('x', c, nowMs)).toBe(true);
  });

  it('has the lowest ID of those in this second and the one before', () => {
    const leads = new Leads(8);
    const seen = (
      [
        [b, 0],
        [c, 10],
        [b, 500],
        [a, 900],
        [b, 950],
        // The next second: a still leads.
        [b, 1_000],
        [c, 1_500],
        // The one after: b was the lowest.
        [c, 2_000],
        [b, 2_100],
        [c, 3_000],
        // After two quiet seconds nobody has led.
        [c, 5_000],
        [b, 5_001],
      ] as const
    ).map(([origin, nowMs]) => leads.heard('x', origin, nowMs));
    expect(seen).toEqual(
      [true, false, true, true, false].concat([false, false], [false, true], [false], [true, true]),
    );
  });

  it('is another one in each topic', () => {
    const leads = new Leads(8);
    expect(leads.heard('x', a, 0)).toBe(true);
    expect(leads.heard('y', b, 0)).toBe(true);
    expect(leads.heard('x', b, 0)).toBe(false);
  });

  it('is remembered for so many topics: with another one, the oldest begins anew', () => {
    const leads = new Leads(2);
    for (const topic of ['x', 'y', 'z']) leads.heard(topic, a, 0);
    expect(leads.heard('y', b, 0)).toBe(false);
    expect(leads.heard('x', b, 0)).toBe(true);
  });
});
