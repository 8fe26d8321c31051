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
  /**
   * The contestant that has the parts of the figure's own, and no router. What it reaches is the
   * most that there is to reach: where that misses the target too, the machine does.
   */
  readonly bare?: string;
}

/** A target, and what was measured. */
export interface Verdict {
  readonly target: Target;
  /** The bound that was held against it: that of the target, or its guard. */
  readonly bound: number;
  /** Undefined: it was not measured. */
  readonly rounds: readonly number[] | undefined;
  /** The same of the target's `bare`, if it has one and that was measured. */
  readonly bareRounds?: readonly number[] | undefined;
  readonly isMet: boolean;
}

/** What came of a target. What was not measured is not met. */
export function verdictOn(
  target: Target,
  outcomes: readonly Outcome[],
  bound: number = target.bound,
): Verdict {
  const series = outcomes.find(({ measure }) => measure.name === target.measure)?.series ?? [];
  const rounds = valuesOf(target, series);
  if (rounds === undefined) return { target, bound, rounds, isMet: false };
  const { median } = summaryOf(rounds);
  const isMet = target.sense === 'at least' ? median >= bound : median <= bound;
  const bareTarget = bareOf(target);
  return {
    target,
    bound,
    rounds,
    isMet,
    ...(bareTarget && { bareRounds: valuesOf(bareTarget, series) }),
  };
}

/** A target for its own `bare`, in place of what it is a target for. */
function bareOf({ bare, ...target }: Target): Target | undefined {
  if (bare === undefined) return undefined;
  const { figure, over } = target;
  const instead = (of: Figure): Figure =>
    of.contestant === figure.contestant ? { ...of, contestant: bare } : of;
  return { ...target, figure: instead(figure), ...(over && { over: instead(over) }) };
}

function valuesOf(
  { figure, over }: Target,
  series: Outcome['series'],
): readonly number[] | undefined {
  const figures = roundsOf(series, figure);
  if (over === undefined) return figures;
  const divisors = roundsOf(series, over);
  return figures && divisors && ratiosOf(figures, divisors);
}
