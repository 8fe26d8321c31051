import { describe, expect, it } from '@jest/globals';
import {
  alternate,
  alternateSlices,
  calibrate,
  joined,
  reasonOf,
} from '../../../bench/frame/rounds.ts';

const nothing = (): void => undefined;

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
    const beforeTurn = (): void => void log.push('|');
    const { figures, failed } = await alternate(entrants, { rounds: 3, beforeTurn });
    expect(log.join(' ')).toBe('| a | b | a | b | a | b');
    expect(figures).toEqual(
      new Map([
        ['a', [2, 6, 10]],
        ['b', [4, 8, 12]],
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
    const { figures, failed } = await alternate(entrants, { rounds: 4, beforeTurn: nothing });
    expect(runs).toBe(2);
    expect(figures).toEqual(new Map([['other', [1, 2, 3, 4]]]));
    expect(failed).toEqual(new Map([['breaks', 'it broke']]));
  });
});

describe('alternateSlices', () => {
  it('lets each run one slice, and makes rounds of them', async () => {
    const log: string[] = [];
    const runs = (name: string) => () => {
      log.push(name);
      return Promise.resolve(String(log.length));
    };
    const entrants = new Map([
      ['a', runs('a')],
      ['b', runs('b')],
    ]);
    const join = (slices: readonly string[]): string => slices.join('+');
    const { figures, failed } = await alternateSlices(
      entrants,
      { rounds: 2, beforeTurn: nothing },
      { slices: 3, join },
    );
    expect(log.join(' ')).toBe('a b a b a b a b a b a b');
    expect(figures).toEqual(
      new Map([
        ['a', ['1+3+5', '7+9+11']],
        ['b', ['2+4+6', '8+10+12']],
      ]),
    );
    expect(failed.size).toBe(0);
  });

  it('has no figures of one that fails in a later slice', async () => {
    let runs = 0;
    const breaks = (): Promise<string> => {
      runs += 1;
      return runs === 4 ? Promise.reject(new Error('it broke')) : Promise.resolve('fine');
    };
    const join = ([first = '']: readonly string[]): string => first;
    const found = await alternateSlices(
      new Map([['breaks', breaks]]),
      { rounds: 3, beforeTurn: nothing },
      { slices: 2, join },
    );
    expect(found.figures).toEqual(new Map());
    expect(found.failed).toEqual(new Map([['breaks', 'it broke']]));
  });
});

describe('joined', () => {
  it('adds counts and seconds up, and takes the mean of what is per message', () => {
    const one = { count: 100, seconds: 1, senderCpuUs: 2, receiverCpuUs: 5 };
    const other = { count: 300, seconds: 0.5, senderCpuUs: 6, receiverCpuUs: 5 };
    expect(joined([one, other])).toEqual({
      count: 400,
      seconds: 1.5,
      senderCpuUs: 5,
      receiverCpuUs: 5,
    });
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
