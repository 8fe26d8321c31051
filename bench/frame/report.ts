import { bestMsOf, textOfMachine } from './machine.ts';
import { table } from './markdown.ts';
import { roundsOf, type Outcome } from './measure.ts';
import { textOfNumber, textOfRounds } from './numbers.ts';
import { ratiosOf } from './statistics.ts';
import type { Verdict } from './verdicts.ts';

/** The conditions of a run. */
export interface Circumstances {
  /** An ISO 8601 date. */
  readonly date: string;
  readonly processors: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly rounds: number;
  readonly roundMs: number;
}

/** A contestant as listed in the report. */
export interface Presented {
  readonly name: string;
  readonly about: string;
  readonly isEncrypted: boolean;
  readonly isDecoded: boolean;
}

/** The contestant that the rest are compared with. */
const subject = 'rxmesh';

/** Everything in a report. */
export interface Report {
  readonly circumstances: Circumstances;
  readonly contestants: readonly Presented[];
  readonly outcomes: readonly Outcome[];
  readonly verdicts: readonly Verdict[];
}

/** The report as Markdown. Each measure has a chart in a separate file with its name. */
export function reportOf({ circumstances, contestants, outcomes, verdicts }: Report): string {
  const parts = [
    '# What rxmesh does, and what others do',
    conditions(circumstances),
    '## Targets',
    targetsOf(verdicts),
    'Bare parts: what the same parts reach in the same rounds without a router, a bare socket with the same ' +
      'cryptography for example. Where they miss the target too, it is the machine that does.',
    '## Contestants',
    contestantsOf(contestants),
    ...sectionsOf(outcomes, true),
  ];
  return `${parts.join('\n\n')}\n`;
}

function conditions(at: Circumstances): string {
  return [
    `Measured on ${at.date} on ${at.processors}, ${at.memoryGiB} GiB of memory, ${at.system}, ` +
      `Node ${at.node}.`,
    '',
    `Contestants take turns, A B A B: ${at.rounds} rounds of about ${at.roundMs / 1000} s each, after a ` +
      'warm-up. A figure is the median of its rounds, with the least and the most between brackets. A ratio ' +
      'is that of the same rounds, pair by pair, and so are its median, least and most. Processor time is ' +
      "that of the whole process on that side. Figures of one machine say little about another one's; " +
      'ratios say more.',
    '',
    'Before each turn a fixed piece of work is timed, while nothing else runs. What it took at best in this run counts ' +
      'as the best speed of the machine; below each table stands what the machine had of that. Processors that are ' +
      'shared with others are often much slower than at their best, and programs do not all lose the same by it.',
  ].join('\n');
}

/** A table of targets: the bound, the measured value, whether it is met, and the bare parts. */
export function targetsOf(verdicts: readonly Verdict[]): string {
  return table([
    ['target', 'wanted', 'measured', 'met', 'bare parts'],
    ...verdicts.map(({ target, bound, rounds, isMet, bareRounds }) => [
      target.what,
      `${target.sense} ${textOfNumber(bound)} ${target.unit}`,
      rounds === undefined ? 'not measured' : textOfRounds(rounds),
      isMet ? 'yes' : '**no**',
      bareRounds === undefined ? '' : `\`${target.bare ?? ''}\`: ${textOfRounds(bareRounds)}`,
    ]),
  ]);
}

function contestantsOf(contestants: readonly Presented[]): string {
  return table([
    ['contestant', 'what it is', 'encrypted', 'encodes and decodes'],
    ...contestants.map(({ name, about, isEncrypted, isDecoded }) => [
      `\`${name}\``,
      about,
      isEncrypted ? 'yes' : 'no',
      isDecoded ? 'each message' : 'no: frames only, the limit of the machine',
    ]),
  ]);
}

/** The sections of a report, one per measure. */
export function sectionsOf(outcomes: readonly Outcome[], hasCharts: boolean): readonly string[] {
  const bestMs = bestMsOf(outcomes.map(({ machine }) => machine));
  return outcomes.map((outcome) => sectionOf(outcome, hasCharts, bestMs));
}

function sectionOf(outcome: Outcome, hasChart: boolean, bestMs: number | undefined): string {
  const { measure, failures, seconds, machine } = outcome;
  const failed = failures.map(
    ({ contestant, case: of, reason }) => `**\`${contestant}\` failed** (${of}): ${reason}`,
  );
  return [
    `## ${measure.title}`,
    measure.about,
    ...(hasChart ? [`![${measure.charted}](${measure.name}.svg)`] : []),
    ...(failed.length > 0 ? [failed.join('\n\n')] : []),
    figuresOf(outcome),
    `\`npm run bench -- ${measure.name}\` on Node ${process.versions.node}, ${Math.round(seconds)} s. ${textOfMachine(machine, bestMs)}`.trimEnd(),
  ].join('\n\n');
}

/** A row per case and contestant, and a column per quantity, plus ratios if there are any. */
function figuresOf({ measure, series }: Outcome): string {
  const distinct = (of: (one: Outcome['series'][number]) => string): readonly string[] => [
    ...new Set(series.map(of)),
  ];
  const quantities = distinct((one) => one.quantity);
  const contestants = distinct((one) => one.contestant);
  const isCompared = contestants.includes(subject) && contestants.length > 1;
  const rows: string[][] = [];
  for (const of of distinct((one) => one.case)) {
    const charted = { case: of, quantity: measure.charted };
    const own = roundsOf(series, { ...charted, contestant: subject });
    for (const contestant of contestants) {
      const cells = quantities.map((quantity) => {
        const rounds = roundsOf(series, { case: of, contestant, quantity });
        return rounds === undefined ? '' : textOfRounds(rounds);
      });
      if (cells.every((cell) => cell === '')) continue;
      const theirs = roundsOf(series, { ...charted, contestant });
      const ratio = own && theirs && contestant !== subject ? ratiosOf(own, theirs) : undefined;
      const compared = ratio === undefined ? '' : textOfRounds(ratio);
      rows.push([of, `\`${contestant}\``, ...cells, ...(isCompared ? [compared] : [])]);
    }
  }
  const ratioHead = `${measure.charted.split(',')[0] ?? ''}: ${subject} ÷ this`;
  return table([['', 'contestant', ...quantities, ...(isCompared ? [ratioHead] : [])], ...rows]);
}
