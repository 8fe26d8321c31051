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
export interface Effort {
  /** Rounds of each contestant. */
  readonly rounds: number;
  /** Length of a round, without its warm-up. */
  readonly roundMs: number;
  /** Measure at full size, also what takes hours. */
  readonly full: boolean;
  /** Says what goes on, to a person that waits. */
  log(text: string): void;
}

/** One question that the bench answers, asked of each contestant. */
export interface Measure {
  /** How the command line names it. */
  readonly name: string;
  readonly title: string;
  /** What is measured, and how, in a few sentences of Markdown. */
  readonly about: string;
  /** The quantity that its chart shows. */
  readonly charted: string;
  /** Whether less of the charted quantity is better. */
  readonly lowerIsBetter?: boolean;
  /** The contestant over which the table gives ratios. Default `rxmesh`. */
  readonly ratiosOver?: string;
  run(effort: Effort): Promise<Findings>;
}

/** Findings, with what the report says about them. */
export interface Outcome extends Findings {
  readonly measure: Omit<Measure, 'run'>;
  /** How long it took. */
  readonly seconds: number;
}

/** The rounds of one quantity; undefined if it was not measured. */
export function roundsOf(
  series: readonly Series[],
  wanted: Omit<Series, 'rounds'>,
): readonly number[] | undefined {
  return series.find(
    (one) =>
      one.case === wanted.case &&
      one.contestant === wanted.contestant &&
      one.quantity === wanted.quantity,
  )?.rounds;
}
