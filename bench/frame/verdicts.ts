import { roundsOf, type Figure, type Outcome } from './measure.ts';
import { ratiosOf, summaryOf } from './statistics.ts';

/** A required result of a measure. */
export interface Target {
  readonly what: string;
  readonly measure: string;
  readonly figure: Figure;
  /** The divisor of the figure, round by round; if absent, the figure itself counts. */
  readonly over?: Figure;
  readonly sense: 'at least' | 'at most';
  /** The bound for the median. */
  readonly bound: number;
  /** The unit of the figure, or `×` for a ratio. */
  readonly unit: string;
  /** The bound that `npm run bench:check` enforces. Targets without one are not measured there. */
  readonly guard?: number;
  /**
   * A contestant with the same parts but no router. Its figure is the most that is achievable: if
   * it misses the target too, the machine is too slow.
   */
  readonly bare?: string;
}

/** A target and its measured result. */
export interface Verdict {
  readonly target: Target;
  /** The bound that was applied: the target's own, or its guard. */
  readonly bound: number;
  /** Undefined if it was not measured. */
  readonly rounds: readonly number[] | undefined;
  /** The same for the target's `bare`, if it has one and it was measured. */
  readonly bareRounds?: readonly number[] | undefined;
  readonly isMet: boolean;
}

/** Compares a target with its result. A target that was not measured is not met. */
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

/** The same target for the `bare` contestant. */
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
