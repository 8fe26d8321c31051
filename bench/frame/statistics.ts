/** What a row of figures comes to: the middle one, and how far they lie apart. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The median of an even number of figures is the mean of the two in the middle.
 * @throws {RangeError} for no figures, or one that is not a number
 */
export function summaryOf(figures: readonly number[]): Summary {
  const sorted = inOrder(figures);
  const middle = (sorted.length - 1) / 2;
  const [low = NaN, high = NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

/**
 * The smallest figure that `percent` of all figures do not exceed.
 *
 * @param percent above 0, up to 100
 * @throws {RangeError} for no figures, or one that is not a number
 */
export function percentileOf(figures: readonly number[], percent: number): number {
  const sorted = inOrder(figures);
  // The factor of a thousand keeps 99.9 % of 1,000 at 999, which binary fractions do not.
  const rank = Math.ceil((percent * 1000 * sorted.length) / 100_000);
  return sorted[Math.max(rank, 1) - 1] ?? NaN;
}

/**
 * Each figure over the one of the same round. Rounds that only one of them has are left out: what
 * was measured at another time, on a machine that was busier or less so, is no pair.
 */
export function ratiosOf(figures: readonly number[], over: readonly number[]): readonly number[] {
  const pairs = Math.min(figures.length, over.length);
  return figures.slice(0, pairs).map((figure, round) => figure / (over[round] ?? NaN));
}

function inOrder(figures: readonly number[]): readonly number[] {
  if (figures.length === 0) throw new RangeError('there are no figures');
  if (figures.some(Number.isNaN)) throw new RangeError('a figure is not a number');
  return figures.toSorted((one, other) => one - other);
}
