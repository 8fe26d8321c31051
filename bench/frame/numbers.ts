import { summaryOf } from './statistics.ts';

/** Formats a figure with three digits: `1.28 M`, `41.2 k`, `228`, `0.72`. */
export function textOfNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${threeDigits(value / 1e6)} M`;
  if (size >= 9_995) return `${threeDigits(value / 1e3)} k`;
  if (size >= 999.5) return Math.round(value).toLocaleString('en');
  return threeDigits(value);
}

/** Formats rounds as `1.28 M [1.1 M, 1.4 M]`: the median, with minimum and maximum in brackets. */
export function textOfRounds(rounds: readonly number[]): string {
  const { median, min, max } = summaryOf(rounds);
  if (rounds.length === 1) return textOfNumber(median);
  return `${textOfNumber(median)} [${textOfNumber(min)}, ${textOfNumber(max)}]`;
}

function threeDigits(value: number): string {
  // From 100 on, `toPrecision` could give an exponent. `Number` drops trailing zeros.
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
