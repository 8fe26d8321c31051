import { bestMsOf, textOfMachine } from './machine.ts';
import { table } from './markdown.ts';
import {
  roundsOf,
  seriesOf,
  type Failure,
  type Measure,
  type Outcome,
  type Series,
} from './measure.ts';
import { textOfNumber, textOfRounds } from './numbers.ts';
import { alternate, calibrate } from './rounds.ts';
import type { Run, Runner } from './runner.ts';
import { ratiosOf } from './statistics.ts';

/** A case in which `--against` can compare two builds. */
export interface Comparable {
  /** The measure it belongs to, as named on the command line. */
  readonly measure: string;
  /** The name of the case in the report. */
  readonly case: string;
  /** The contestant that both builds run as. */
  readonly contestant: string;
  /** Number of messages in the first warm-up run. */
  readonly first: number;
  /**
   * Starts and connects the contestant.
   *
   * @param sides directory of the modules for its processes, in one of the two builds
   */
  start(sides: URL): Promise<Runner>;
}

/** The contestant to compare when none is named. */
export const subject = 'rxmesh';

/** The names of the two builds in series. */
const [today, other] = [subject, 'against'];

const [rate, cpu] = ['messages/s', 'CPU, µs/message'];

/** One case of two builds. Undefined values could not be measured. */
export interface Comparison {
  readonly case: string;
  /** Messages/s in each round. */
  readonly today: readonly number[] | undefined;
  readonly other: readonly number[] | undefined;
  /** The rate of today's build relative to the other build, by round. */
  readonly ratios: readonly number[] | undefined;
  /** The same ratio for processor time per message. Below 1 is better. */
  readonly cpuRatios: readonly number[] | undefined;
}

/** Directories of the modules that run in the processes of each build. */
export interface Builds {
  readonly today: URL;
  readonly other: URL;
}

/** A measure that runs both builds in turns in each case. */
export function against(
  cases: readonly Comparable[],
  builds: Builds,
  named: Pick<Measure, 'name' | 'title'>,
): Measure {
  return {
    ...named,
    about:
      'Both builds take turns, A B A B. In each turn a build starts in new processes, warms up, and runs one round; it ' +
      'is driven by the bench of its own checkout. A ratio is that of two turns, one right after the other; given ' +
      'are the median, and between brackets the least and the most.',
    charted: rate,
    async run(effort) {
      const series: Series[] = [];
      const failures: Failure[] = [];
      for (const one of cases) {
        const of = nameOf(one);
        effort.log(of);
        const roundWith = (sides: URL) => () =>
          roundOf(() => one.start(sides), one.first, effort.roundMs);
        const entrants = new Map([
          [today, roundWith(builds.today)],
          [other, roundWith(builds.other)],
        ]);
        const { figures, failed } = await alternate(entrants, effort);
        const found = [...figures].flatMap(([contestant, runs]) =>
          seriesOf({ case: of, contestant }, runs, {
            [rate]: ({ count, seconds }) => count / seconds,
            [cpu]: ({ cpuUs }) => cpuUs,
          }),
        );
        series.push(...found);
        for (const [contestant, reason] of failed) failures.push({ case: of, contestant, reason });
        const [{ ratios = [] } = {}] = comparisonsOf(found);
        if (ratios.length > 0) effort.log(`${of}: ${ratios.map(textOfNumber).join(', ')}`);
      }
      return { series, failures };
    },
  };
}

/**
 * Runs one round of a build: starts it, warms it up, measures it, and ends it.
 *
 * Each round uses new processes. What V8 compiles when, and which core a process runs on, varies
 * between processes and then persists: on a busy machine, two processes of the same build had
 * ratios of 1.7 to 1.95 in all of seven rounds. The other build does not even wait in the
 * background: the first one to start, while it waited, used up to a tenth more processor time.
 */
async function roundOf(start: () => Promise<Runner>, first: number, roundMs: number): Promise<Run> {
  const runner = await start();
  try {
    const run = async (count: number): Promise<Run> => checked(await runner.run(count));
    return await run(await calibrate(run, first, roundMs));
  } finally {
    runner.end();
  }
}

function nameOf({ measure, case: of, contestant }: Comparable): string {
  return [measure, of, ...(contestant === subject ? [] : [contestant])].join(', ');
}

/** Checks figures, because the bench of another checkout may reply in a different format. */
function checked({ count, seconds, cpuUs }: Partial<Run>): Run {
  if (isFigure(count) && isFigure(seconds) && isFigure(cpuUs)) return { count, seconds, cpuUs };
  throw new Error('it ran, but reported no figures: the two benches do not fit together');
}

function isFigure(value: number | undefined): value is number {
  return Number.isFinite(value);
}

/** Comparisons from the series that `against` returned, in the same order. */
export function comparisonsOf(series: readonly Series[]): readonly Comparison[] {
  return [...new Set(series.map((one) => one.case))].map((of) => {
    const roundsIn = (contestant: string, quantity: string): readonly number[] | undefined =>
      roundsOf(series, { case: of, contestant, quantity });
    const ratiosIn = (quantity: string): readonly number[] | undefined => {
      const [own, theirs] = [roundsIn(today, quantity), roundsIn(other, quantity)];
      return own && theirs && ratiosOf(own, theirs);
    };
    return {
      case: of,
      today: roundsIn(today, rate),
      other: roundsIn(other, rate),
      ratios: ratiosIn(rate),
      cpuRatios: ratiosIn(cpu),
    };
  });
}

/** The results of a comparison as Markdown, ending with the table. */
export function sectionOf({ measure, series, failures, seconds, machine }: Outcome): string {
  const failed = failures.map(
    ({ contestant, case: of, reason }) => `**\`${contestant}\` failed** (${of}): ${reason}`,
  );
  const took = `${Math.round(seconds)} s. ${textOfMachine(machine, bestMsOf([machine]))}`.trimEnd();
  return [
    `## ${measure.title}`,
    measure.about,
    ...failed,
    took,
    tableOf(comparisonsOf(series)),
  ].join('\n\n');
}

/** A row for each case, with rates and ratios. */
function tableOf(comparisons: readonly Comparison[]): string {
  const cell = (rounds: readonly number[] | undefined): string =>
    rounds === undefined ? 'failed' : textOfRounds(rounds);
  return table([
    ['case', 'today, messages/s', 'other, messages/s', 'today ÷ other', 'CPU: today ÷ other'],
    ...comparisons.map(({ case: of, today, other, ratios, cpuRatios }) => [
      of,
      ...[today, other, ratios, cpuRatios].map(cell),
    ]),
  ]);
}
