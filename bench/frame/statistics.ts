/** Median and range of some figures. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Summarizes figures. The median of an even number of them is the mean of the middle two.
 *
 * @throws {RangeError} if there are no figures, or one is NaN
 */
export function summaryOf(figures: readonly number[]): Summary {
  const sorted = inOrder(figures);
  const middle = (sorted.length - 1) / 2;
  const [low = NaN, high = NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

/**
 * The smallest figure that at least `percent` of all figures do not exceed.
 *
 * @param percent above 0, up to 100
 * @throws {RangeError} if there are no figures, or one is NaN
 */
export function percentileOf(figures: readonly number[], percent: number): number {
  const sorted = inOrder(figures);
  // The factor of 1,000 makes 99.9 % of 1,000 exactly 999; in binary floating point it would not
  // be.
  const rank = Math.ceil((percent * 1000 * sorted.length) / 100_000);
  return sorted[Math.max(rank, 1) - 1] ?? NaN;
}

/**
 * Divides figures round by round. Rounds that only one side has are left out, because figures from
 * different times are not comparable.
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
