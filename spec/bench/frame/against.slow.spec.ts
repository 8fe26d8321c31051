import { describe, expect, it } from '@jest/globals';
import {
  against,
  comparisonsOf,
  sectionOf,
  type Comparable,
} from '../../../bench/frame/against.ts';
import type { Effort, Findings, Outcome } from '../../../bench/frame/measure.ts';
import type { Run, Runner } from '../../../bench/frame/runner.ts';

const builds = { today: new URL('file:///today/'), other: new URL('file:///other/') };
const named = { name: '--against /other', title: "Today's build and that of /other" };

/** What happened, and how fast each build is: messages/s, each time that it has started. */
interface Stage {
  readonly log: string[];
  readonly speeds: Record<'today' | 'other', number[]>;
}

function comparable(
  { log, speeds }: Stage,
  reports: (run: Run) => Run = (run) => run,
  contestant = 'rxmesh',
): Comparable {
  const start = (sides: URL): Promise<Runner> => {
    const build = sides === builds.today ? 'today' : 'other';
    const speed = speeds[build].shift();
    if (speed === undefined) return Promise.reject(new Error(`${build} cannot start`));
    log.push(`+${build}`);
    let runs = 0;
    return Promise.resolve({
      run(count) {
        // The warm-up is one long run.
        runs += 1;
        if (runs === 2) log.push(build);
        const seconds = runs === 1 ? 10 : count / speed;
        return Promise.resolve(
          reports({ count: runs === 1 ? 10 * speed : count, seconds, cpuUs: 2 }),
        );
      },
      end: () => log.push(`-${build}`),
    });
  };
  return { measure: 'throughput', case: '64 B', contestant, first: 1, start };
}

async function compare(cases: readonly Comparable[], rounds: number, lines: string[] = []) {
  const effort: Effort = {
    rounds,
    roundsGiven: true,
    roundMs: 1000,
    full: false,
    isWanted: () => true,
    log: (text) => lines.push(text),
    beforeTurn: () => undefined,
  };
  return against(cases, builds, named).run(effort);
}

describe('against', () => {
  it('runs one build at a time, and starts it anew for each round', async () => {
    const log: string[] = [];
    await compare([comparable({ log, speeds: { today: [1, 1], other: [1, 1] } })], 2);
    const round = '+today today -today +other other -other';
    expect(log.join(' ')).toBe(`${round} ${round}`);
  });

  it('divides the figures of the same round', async () => {
    const lines: string[] = [];
    const speeds = { today: [100, 300, 200], other: [100, 200, 400] };
    const { series, failures } = await compare([comparable({ log: [], speeds })], 3, lines);
    expect(failures).toEqual([]);
    expect(comparisonsOf(series)).toEqual([
      {
        case: 'throughput, 64 B',
        today: [100, 300, 200],
        other: [100, 200, 400],
        ratios: [1, 1.5, 0.5],
        cpuRatios: [1, 1, 1],
      },
    ]);
    expect(lines).toEqual(['throughput, 64 B', 'throughput, 64 B: 1, 1.5, 0.5']);
  });

  it('names the contestant if it is not rxmesh itself', async () => {
    const speeds = { today: [1], other: [1] };
    const one = comparable({ log: [], speeds }, undefined, 'rxmesh-operators');
    const { series } = await compare([one], 1);
    expect(comparisonsOf(series)[0]?.case).toBe('throughput, 64 B, rxmesh-operators');
  });

  it('gives no ratio where a build fails, and goes on with the next case', async () => {
    const breaks = comparable({ log: [], speeds: { today: [5, 5, 5], other: [5] } });
    const works = {
      ...comparable({ log: [], speeds: { today: [6, 6, 6], other: [3, 3, 3] } }),
      case: '1 KiB',
    };
    const { series, failures } = await compare([breaks, works], 3);
    expect(failures).toEqual([
      { case: 'throughput, 64 B', contestant: 'against', reason: 'other cannot start' },
    ]);
    expect(comparisonsOf(series).map(({ case: of, ratios }) => [of, ratios])).toEqual([
      ['throughput, 64 B', undefined],
      ['throughput, 1 KiB', [2, 2, 2]],
    ]);
  });

  it('reports a bench that answers in another way, instead of ratios of nothing', async () => {
    const renamed = ({ count, cpuUs }: Run): Run => ({ count, cpuUs, seconds: NaN });
    const log: string[] = [];
    const one = comparable({ log, speeds: { today: [1], other: [1] } }, renamed);
    const { series, failures } = await compare([one], 1);
    expect(series).toEqual([]);
    expect(log.join(' ')).toBe('+today -today +other -other');
    expect(failures.map(({ reason }) => reason)).toEqual([
      'it ran, but reported no figures: the two benches do not fit together',
      'it ran, but reported no figures: the two benches do not fit together',
    ]);
  });
});

describe('sectionOf', () => {
  const findings: Findings = {
    series: [
      { case: '64 B', contestant: 'rxmesh', quantity: 'messages/s', rounds: [97, 100, 120] },
      { case: '64 B', contestant: 'rxmesh', quantity: 'CPU, µs/message', rounds: [1, 1, 1] },
      { case: '64 B', contestant: 'against', quantity: 'messages/s', rounds: [100, 100, 100] },
      { case: '64 B', contestant: 'against', quantity: 'CPU, µs/message', rounds: [2, 1, 4] },
      { case: '1 KiB', contestant: 'rxmesh', quantity: 'messages/s', rounds: [7] },
      { case: '1 KiB', contestant: 'rxmesh', quantity: 'CPU, µs/message', rounds: [9] },
    ],
    failures: [{ case: '1 KiB', contestant: 'against', reason: 'it hung' }],
  };
  const outcome: Outcome = {
    ...findings,
    measure: { ...named, about: 'How it is done.', charted: 'messages/s' },
    seconds: 61.7,
    machine: { yardstickMs: [4, 8], takenShare: undefined },
  };

  it('ends with a table of the cases, with ratios of the same rounds', () => {
    const lines = sectionOf(outcome).split('\n');
    expect(lines.slice(-4)).toEqual([
      '| case | today, messages/s | other, messages/s | today ÷ other | CPU: today ÷ other |',
      '| --- | --- | --- | --- | --- |',
      '| 64 B | 100 [97, 120] | 100 [100, 100] | 1 [0.97, 1.2] | 0.5 [0.25, 1] |',
      '| 1 KiB | 7 | failed | failed | failed |',
    ]);
  });

  it('says what failed and how the machine was', () => {
    const text = sectionOf(outcome);
    expect(text).toContain("## Today's build and that of /other\n");
    expect(text).toContain('**`against` failed** (1 KiB): it hung');
    expect(text).toContain('62 s. The machine had 0.75 [0.5, 1] of its best speed.');
  });
});
