import { parseArgs } from 'node:util';
import { subject, type Comparable } from './frame/against.ts';
import type { Extent, Measure } from './frame/measure.ts';

/** The measures and cases that the command line can choose from. */
export interface Offer {
  readonly measures: readonly Measure[];
  readonly comparable: readonly Comparable[];
}

/** The usage text. */
export function usageOf({ measures, comparable }: Offer): string {
  return `usage: npm run bench -- [MEASURE ...] [option ...]
       npm run bench -- [MEASURE ...] --against CHECKOUT [option ...]
       npm run bench:check

Without a measure, all of them are run, and bench/results gets a report. A measure that is named is printed.

measures:
${measures.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join('\n')}

options:
  --json              print JSON on stdout, and nothing else; npm itself says less with npm run --silent
  --contestant NAME   only this one; more than one may be given
  --case NAME         only this case, as the report names it, such as '64 B'; more than one may be given
  --rounds N          rounds of each contestant, 1 to 100; 5, and 1 for distance
  --round-ms N        length of a round, 50 to 60000; 700, and 300 for --check; distance has lengths of its own
  --full              at full size, which takes an hour for the matrix, and half an hour for distance
  --check             what bench:check does: only the targets that have a guard, and the exit code 1 if one
                      of them is missed by more than that
  --against CHECKOUT  today's build of rxmesh in turns with the build of another working tree, in these
                      measures: ${namesOf(comparable).join(', ')};
                      --contestant names which rxmesh of the report it is: ${contestantsOf(comparable).join(', ')}
  --help              print this`;
}

/** A parsed command line. */
export interface Command {
  readonly chosen: readonly Measure[];
  readonly extent: Extent;
  /** Whether the command line narrows down the measures, contestants or cases. */
  readonly isPart: boolean;
  readonly json: boolean;
  readonly check: boolean;
  readonly help: boolean;
  /** When comparing two builds: the path of the other checkout, and the cases. */
  readonly against?: { readonly path: string; readonly cases: readonly Comparable[] };
}

/** @throws {Error} if the arguments are invalid */
export function commandFrom(args: readonly string[], { measures, comparable }: Offer): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      contestant: { type: 'string', multiple: true },
      case: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      'round-ms': { type: 'string' },
      full: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      against: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { json, check, full, help, against: path, contestant: contestants, case: cases } = values;
  const named = positionals.map((name) => {
    const measure = measures.find((one) => one.name === name);
    if (measure === undefined) throw new RangeError(`there is no measure ${name}`);
    return measure;
  });
  if (check && (named.length > 0 || contestants || cases || json || full)) {
    throw new RangeError('--check chooses by itself what it measures, and prints a table');
  }
  if (path !== undefined && (check || full)) {
    throw new RangeError('--against cannot be combined with --check or --full');
  }
  // A check has to be quick; guards are loose enough for short rounds.
  const roundMs = values['round-ms'] ?? (check ? '300' : '700');
  const extent: Extent = {
    rounds: numberFrom('--rounds', values.rounds ?? '5', 1, 100),
    roundsGiven: values.rounds !== undefined,
    roundMs: numberFrom('--round-ms', roundMs, 50, 60_000),
    full,
    isWanted: (of, contestant) =>
      (cases?.includes(of) ?? true) && (contestants?.includes(contestant) ?? true),
    log: (text) => console.error(`  ${text}`),
  };
  const isPart = named.length > 0 || contestants !== undefined || cases !== undefined;
  const chosen = named.length > 0 ? named : measures;
  const common = { chosen, extent, isPart, json, check, help };
  if (path === undefined) return common;
  const wanted = { named: positionals, contestants: contestants ?? [subject], cases };
  return { ...common, against: { path, cases: casesFor(wanted, comparable) } };
}

/** Which of the comparable cases the command line chooses. */
interface Wanted {
  /** Names of measures; empty for all. */
  readonly named: readonly string[];
  readonly contestants: readonly string[];
  readonly cases: readonly string[] | undefined;
}

function casesFor(
  { named, contestants, cases }: Wanted,
  comparable: readonly Comparable[],
): readonly Comparable[] {
  const measures = namesOf(comparable);
  const other = named.find((name) => !measures.includes(name));
  if (other !== undefined) {
    throw new RangeError(`--against cannot compare ${other}, only ${measures.join(', ')}`);
  }
  const chosen = comparable.filter(
    (one) =>
      (named.length === 0 || named.includes(one.measure)) &&
      contestants.includes(one.contestant) &&
      (cases?.includes(one.case) ?? true),
  );
  if (chosen.length > 0) return chosen;
  const known = comparable.map(
    (one) => `  ${one.measure} --case '${one.case}' --contestant ${one.contestant}`,
  );
  throw new RangeError(`--against has no such case; it has these:\n${known.join('\n')}`);
}

function namesOf(comparable: readonly Comparable[]): readonly string[] {
  return [...new Set(comparable.map(({ measure }) => measure))];
}

function contestantsOf(comparable: readonly Comparable[]): readonly string[] {
  return [...new Set(comparable.map(({ contestant }) => contestant))];
}

function numberFrom(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${option} is a whole number from ${min} to ${max}, given ${text}`);
}
