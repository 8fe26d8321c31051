import type { MachineState } from './machine.ts';

/** One quantity of one contestant in one case, with a figure for each round. */
export interface Series {
  /** What was measured, such as `64 B`. The report lists the contestants of a case together. */
  readonly case: string;
  readonly contestant: string;
  /** The quantity and its unit, such as `messages/s`. */
  readonly quantity: string;
  /** Figures by round. Those with the same index were measured right after each other. */
  readonly rounds: readonly number[];
}

/** Identifies a series of a measure. */
export type Figure = Omit<Series, 'rounds'>;

/** A contestant that could not be measured. */
export interface Failure {
  readonly case: string;
  readonly contestant: string;
  readonly reason: string;
}

/** The results of a measure. */
export interface Findings {
  readonly series: readonly Series[];
  readonly failures: readonly Failure[];
}

/** How much to measure. */
export interface Extent {
  /** Rounds per contestant. */
  readonly rounds: number;
  /** Whether the number was set explicitly. If not, a measure with long rounds may run fewer. */
  readonly roundsGiven: boolean;
  /** Length of a round, excluding warm-up. */
  readonly roundMs: number;
  /** Whether to measure at full size, even if that takes an hour. */
  readonly full: boolean;
  /** Whether to measure a contestant in a case. */
  isWanted(of: string, contestant: string): boolean;
  /** Reports progress to a waiting user. */
  log(text: string): void;
}

/** The parameters that a measure runs with. */
export interface Effort extends Extent {
  /** Must be called before each turn of a contestant, while nothing else is running. */
  readonly beforeTurn: () => void;
}

/** One kind of measurement, taken for each contestant. */
export interface Measure {
  /** The name on the command line. */
  readonly name: string;
  readonly title: string;
  /** What is measured and how, in a few sentences of Markdown. */
  readonly about: string;
  /** The quantity in the chart and in the ratios of the table. */
  readonly charted: string;
  /** Whether lower values of the charted quantity are better. */
  readonly lowerIsBetter?: boolean;
  run(effort: Effort): Promise<Findings>;
}

/** Findings, and what else the report needs to present them. */
export interface Outcome extends Findings {
  readonly measure: Omit<Measure, 'run'>;
  /** How long the measure took. */
  readonly seconds: number;
  /** The state of the machine while it ran. */
  readonly machine: MachineState;
}

/** Extracts one series per quantity from the results of the rounds. */
export function seriesOf<T>(
  of: Pick<Series, 'case' | 'contestant'>,
  rounds: readonly T[],
  quantities: Readonly<Record<string, (round: T) => number>>,
): readonly Series[] {
  return Object.entries(quantities).map(([quantity, figure]) => ({
    case: of.case,
    contestant: of.contestant,
    quantity,
    rounds: rounds.map(figure),
  }));
}

/** The rounds of one series; undefined if it was not measured. */
export function roundsOf(series: readonly Series[], figure: Figure): readonly number[] | undefined {
  return series.find(
    (one) =>
      one.case === figure.case &&
      one.contestant === figure.contestant &&
      one.quantity === figure.quantity,
  )?.rounds;
}
