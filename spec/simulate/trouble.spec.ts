import { describe, expect, it, jest } from '@jest/globals';
import { raw } from 'rxmesh';
import { simulate } from 'rxmesh/testing';
import { Channels } from '../../scripts/simulate/channels.ts';
import { optionsFrom } from '../../scripts/simulate/options.ts';
import { Steps } from '../../scripts/simulate/steps.ts';
import { Trouble } from '../../scripts/simulate/trouble.ts';
import { seededRandom } from '../../lib/testing/seeded-random.ts';

const dayMs = 24 * 3_600_000;

/** Trouble for two nodes, ten times a second for a minute. Only node 0 runs to the end. */
function troubled(line: string, only?: readonly number[]) {
  const options = optionsFrom(['--nodes', '2', ...line.split(' ')]);
  if (options === undefined) throw new Error('no options');
  const net = simulate({ nodes: 2, options: () => ({ keepAlive: {} }) });
  const channels = new Channels(net, { id: 1, codec: raw() });
  net.start();
  net.crash(1);
  const closes = jest.spyOn(channels, 'close');
  const freezes = jest.spyOn(net, 'freeze');
  const dates = jest.spyOn(net, 'setDate');
  const steps = new Steps(only);
  const trouble = new Trouble({ net, channels, options, random: seededRandom(7), steps });
  for (let passedMs = 0; passedMs < 60_000; passedMs += 100) {
    trouble.make(100);
    net.advance(100);
  }
  net.advance(20_000);
  trouble.end();
  const isOpen = channels.isOpen(0);
  net.stop();
  const { calls: closed } = closes.mock;
  return {
    freezes: freezes.mock.calls,
    dates: dates.mock.calls,
    closed,
    isOpen,
    steps: steps.count,
  };
}

describe('npm run simulate --', () => {
  it('--freeze suspends nodes that run, as often as asked, for up to 20 s', () => {
    const { freezes, dates, steps } = troubled('--freeze 6');
    expect([steps, dates]).toEqual([12, []]);
    expect(freezes.length).toBeGreaterThan(2);
    expect(freezes.length).toBeLessThan(12);
    for (const [node, ms] of freezes) {
      expect(node).toBe(0);
      expect(ms).toBeGreaterThanOrEqual(100);
      expect(ms).toBeLessThanOrEqual(20_000);
    }
    expect(new Set(freezes.map(([, ms]) => ms)).size).toBe(freezes.length);
  });

  it('--dates sets the dates of nodes, as often as asked, by a day at most, forward and back', () => {
    const { freezes, dates, steps } = troubled('--dates 6');
    expect([steps, dates.length, freezes]).toEqual([12, 12, []]);
    expect(new Set(dates.map(([node]) => node))).toEqual(new Set([0, 1]));
    for (const [, byMs] of dates) expect(Math.abs(byMs)).toBeLessThanOrEqual(dayMs);
    expect(new Set(dates.map(([, byMs]) => Math.sign(byMs)))).toEqual(new Set([1, -1]));
  });

  it('--close closes channels that are open, as often as asked, and leaves them open', () => {
    const { closed, isOpen, steps } = troubled('--close 6');
    expect([steps, isOpen]).toEqual([12, true]);
    expect(closed.length).toBeGreaterThan(2);
    expect(closed.length).toBeLessThan(12);
  });

  it('none makes trouble by default', () => {
    const nothing = { freezes: [], dates: [], closed: [], isOpen: true, steps: 0 };
    expect(troubled('--seed 1')).toEqual(nothing);
  });

  it('--only leaves some of it out, and does not change the rest', () => {
    const all = troubled('--dates 6').dates;
    expect(troubled('--dates 6', [2, 3]).dates).toEqual([all[1], all[2]]);
  });
});
