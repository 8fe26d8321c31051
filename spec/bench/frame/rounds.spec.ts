import { describe, expect, it } from '@jest/globals';
import { alternate, calibrate, reasonOf } from '../../../bench/frame/rounds.ts';

describe('alternate', () => {
  it('runs all of them in each round, in the same order', async () => {
    const log: string[] = [];
    const runs = (name: string) => () => {
      log.push(name);
      return Promise.resolve(log.length);
    };
    const entrants = new Map([
      ['a', runs('a')],
      ['b', runs('b')],
    ]);
    const { figures, failed } = await alternate(entrants, 3);
    expect(log.join(' ')).toBe('a b a b a b');
    expect(figures).toEqual(
      new Map([
        ['a', [1, 3, 5]],
        ['b', [2, 4, 6]],
      ]),
    );
    expect(failed.size).toBe(0);
  });

  it('tells one that fails, without figures, and goes on with the others', async () => {
    let [runs, others] = [0, 0];
    const entrants = new Map([
      [
        'breaks',
        () => {
          runs += 1;
          return runs === 2 ? Promise.reject(new Error('it broke\nat once')) : Promise.resolve(1);
        },
      ],
      ['other', () => Promise.resolve((others += 1))],
    ]);
    const { figures, failed } = await alternate(entrants, 4);
    expect(runs).toBe(2);
    expect(figures).toEqual(new Map([['other', [1, 2, 3, 4]]]));
    expect(failed).toEqual(new Map([['breaks', 'it broke']]));
  });
});

describe('calibrate', () => {
  /** Runs that take so many seconds a message; the first ones take several times that. */
  function machine(secondsEach: number, slowdowns: readonly number[] = []) {
    const counts: number[] = [];
    const times: number[] = [];
    const run = (count: number) => {
      const seconds = secondsEach * count * (slowdowns[counts.length] ?? 1);
      counts.push(count);
      times.push(seconds);
      return Promise.resolve({ seconds });
    };
    return { run, counts, times };
  }

  it('finds how many take so long', async () => {
    const { run } = machine(1e-5);
    expect(await calibrate(run, 10, 1000)).toBeCloseTo(100_000, -2);
  });

  it('never makes a run longer than the wanted time, once it knows the rate', async () => {
    const { run, counts } = machine(1e-3);
    await calibrate(run, 10, 500);
    expect(Math.max(...counts)).toBeLessThanOrEqual(500);
    expect(counts.slice(0, 4)).toEqual([10, 40, 160, 500]);
  });

  it('goes on while it still becomes much faster', async () => {
    const { run } = machine(1e-4, [64, 32, 16, 8, 4, 2]);
    expect(await calibrate(run, 100, 1000)).toBe(10_000);
  });

  it('warms up for a second, also for short rounds', async () => {
    const { run, times } = machine(1e-4);
    await calibrate(run, 10, 50);
    expect(times.reduce((sum, time) => sum + time)).toBeGreaterThan(1);
  });

  it('does not wait for ever for what never becomes steady', async () => {
    const times: number[] = [];
    const run = (count: number) => {
      const seconds = count / 2 ** times.length;
      times.push(seconds);
      return Promise.resolve({ seconds });
    };
    await calibrate(run, 1, 1000);
    expect(times.reduce((sum, time) => sum + time)).toBeGreaterThan(5);
    expect(times.length).toBeLessThan(20);
  });

  it('fails as the run does', async () => {
    await expect(calibrate(() => Promise.reject(new Error('lost')), 1, 100)).rejects.toThrow(
      'lost',
    );
  });
});

describe('reasonOf', () => {
  it('is one line', () => {
    expect(reasonOf(new Error('first\nsecond'))).toBe('first');
    expect(reasonOf('text')).toBe('text');
  });
});
