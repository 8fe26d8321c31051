import type { MachineState } from './machine.ts';

/** One quantity of one contestant in one case, as each round had it. */
export interface Series {
  /** What was measured, such as `64 B`; the contestants of a case stand beside each other. */
  readonly case: string;
  /** A contestant's name. */
  readonly contestant: string;
  /** Quantity with its unit, such as `messages/s`. */
  readonly quantity: string;
  /** Figures by round: those with the same index were measured next to each other. */
  readonly rounds: readonly number[];
}

/** Which series of a measure is meant. */
export type Figure = Omit<Series, 'rounds'>;

/** A contestant that could not be measured. */
export interface Failure {
  readonly case: string;
  readonly contestant: string;
  readonly reason: string;
}

/** What a measure found. */
export interface Findings {
  readonly series: readonly Series[];
  readonly failures: readonly Failure[];
}

/** How much is measured. */
export interface Extent {
  /** Rounds of each contestant. */
  readonly rounds: number;
  /** Whether that number was asked for: a measure whose rounds are long may run fewer else. */
  readonly roundsGiven: boolean;
  /** Length of a round, without its warm-up. */
  readonly roundMs: number;
  /** Measure at full size, also what takes an hour. */
  readonly full: boolean;
  /** Whether a contestant is to be measured in a case; what is not, is left out. */
  isWanted(of: string, contestant: string): boolean;
  /** Says what goes on, to a person that waits. */
  log(text: string): void;
}

/** What a measure is run with. */
export interface Effort extends Extent {
  /** To be called before each turn of a contestant, while nothing else runs. */
  readonly beforeTurn: () => void;
}

/** One question that the bench answers, asked of each contestant. */
export interface Measure {
  /** How the command line names it. */
  readonly name: string;
  readonly title: string;
  /** What is measured, and how, in a few sentences of Markdown. */
  readonly about: string;
  /** The quantity that its chart shows, and whose ratios its table has. */
  readonly charted: string;
  /** Whether less of the charted quantity is better. */
  readonly lowerIsBetter?: boolean;
  run(effort: Effort): Promise<Findings>;
}

/** Findings, with what the report says about them. */
export interface Outcome extends Findings {
  readonly measure: Omit<Measure, 'run'>;
  /** How long it took. */
  readonly seconds: number;
  /** How the machine was meanwhile. */
  readonly machine: MachineState;
}

/** One series for each quantity, from what each round gave. */
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

/** The rounds of one quantity; undefined if it was not measured. */
export function roundsOf(series: readonly Series[], figure: Figure): readonly number[] | undefined {
  return series.find(
    (one) =>
      one.case === figure.case &&
      one.contestant === figure.contestant &&
      one.quantity === figure.quantity,
  )?.rounds;
}
