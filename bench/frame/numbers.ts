import { summaryOf } from './statistics.ts';

/** A figure for people, of three digits: `1.28 M`, `41.2 k`, `228`, `0.72`. */
export function textOfNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${threeDigits(value / 1e6)} M`;
  if (size >= 9_995) return `${threeDigits(value / 1e3)} k`;
  if (size >= 999.5) return Math.round(value).toLocaleString('en');
  return threeDigits(value);
}

/** `1.28 M [1.1 M, 1.4 M]`: the median, and between brackets the least and the most. */
export function textOfRounds(rounds: readonly number[]): string {
  const { median, min, max } = summaryOf(rounds);
  if (rounds.length === 1) return textOfNumber(median);
  return `${textOfNumber(median)} [${textOfNumber(min)}, ${textOfNumber(max)}]`;
}

function threeDigits(value: number): string {
  // What toPrecision would give an exponent is a whole number here, and its zeros after the point
  // go.
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
