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
  /** The measure to which it belongs, as the command line names it. */
  readonly measure: string;
  /** As the report names it. */
  readonly case: string;
  /** Which contestant both builds are. */
  readonly contestant: string;
  /** How many messages the warm-up begins with. */
  readonly first: number;
  /**
   * Starts the contestant, connected.
   * @param sides where the modules of its processes are: those of one build or of the other
   */
  start(sides: URL): Promise<Runner>;
}

/** The contestant that is compared when none is named. */
export const subject = 'rxmesh';

/** The builds, as series name them. */
const [today, other] = [subject, 'against'];

const [rate, cpu] = ['messages/s', 'CPU, µs/message'];

/** One case of two builds. What is missing could not be measured. */
export interface Comparison {
  readonly case: string;
  /** Messages/s, by round. */
  readonly today: readonly number[] | undefined;
  readonly other: readonly number[] | undefined;
  /** Those of today over those of the other build, by round. */
  readonly ratios: readonly number[] | undefined;
  /** The same of the processor time that a message takes: here less than 1 is better. */
  readonly cpuRatios: readonly number[] | undefined;
}

/** Where the two builds have their processes' modules. */
export interface Builds {
  readonly today: URL;
  readonly other: URL;
}

/** A measure that runs both builds in turns in each of the cases. */
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
 * One round of a build: starts it, warms it up, measures, and ends it.
 *
 * It has new processes each time. What V8 compiles when, and where the system runs it, differs from
 * process to process and stays with it: on a busy machine, two processes of one build had ratios of
 * 1.7 to 1.95 in all of seven rounds, and looked like two builds. Nor does the other build run
 * meanwhile: the one that had started first, and waited, took up to a tenth more processor time.
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

/**
 * The bench of another checkout may answer in another way: then there would be ratios of nothing.
 */
function checked({ count, seconds, cpuUs }: Partial<Run>): Run {
  if (isFigure(count) && isFigure(seconds) && isFigure(cpuUs)) return { count, seconds, cpuUs };
  throw new Error('it ran, but reported no figures: the two benches do not fit together');
}

function isFigure(value: number | undefined): value is number {
  return Number.isFinite(value);
}

/** The cases of series that `against` gave, in their order. */
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

/** What a comparison found, as Markdown; its table stands last. */
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

/** A row for each case, with the ratios of the two builds. */
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
