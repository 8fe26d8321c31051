import { roundsOf, type Figure, type Outcome } from './measure.ts';
import { ratiosOf, summaryOf } from './statistics.ts';

/** What a measure has to show. */
export interface Target {
  readonly what: string;
  readonly measure: string;
  readonly figure: Figure;
  /** What the figure is divided by, round by round; if absent, the figure counts as it is. */
  readonly over?: Figure;
  readonly sense: 'at least' | 'at most';
  /** The bound of the median. */
  readonly bound: number;
  /** Of the figure, or `×` of a ratio. */
  readonly unit: string;
  /** The bound that `npm run bench:check` holds; it does not measure targets that have none. */
  readonly guard?: number;
}

/** A target, and what was measured. */
export interface Verdict {
  readonly target: Target;
  /** The bound that was held against it: that of the target, or its guard. */
  readonly bound: number;
  /** Undefined: it was not measured. */
  readonly rounds: readonly number[] | undefined;
  readonly isMet: boolean;
}

/** What came of a target. What was not measured is not met. */
export function verdictOn(
  target: Target,
  outcomes: readonly Outcome[],
  bound: number = target.bound,
): Verdict {
  const series = outcomes.find(({ measure }) => measure.name === target.measure)?.series ?? [];
  const figures = roundsOf(series, target.figure);
  const over = target.over === undefined ? undefined : roundsOf(series, target.over);
  let rounds = figures;
  if (target.over !== undefined) rounds = figures && over && ratiosOf(figures, over);
  if (rounds === undefined) return { target, bound, rounds, isMet: false };
  const { median } = summaryOf(rounds);
  return {
    target,
    bound,
    rounds,
    isMet: target.sense === 'at least' ? median >= bound : median <= bound,
  };
}
