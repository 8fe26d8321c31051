import { described } from './described.ts';
import { unknownOptions } from './unknown-options.ts';

/**
 * Rejects anything that is not an options object, and unknown option names: with a mistyped name,
 * the default would silently apply.
 *
 * @param operator the operator that takes these options; the first word of the message
 * @throws {TypeError} `batch: options must be an object, got 4`, or
 *   `batch: there is no option size; it takes max, ms, clock`
 */
export function checkOptionNames(
  operator: string,
  options: unknown,
  known: readonly string[],
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${operator}: options must be an object, got ${described(options)}`);
  }
  const unknown = unknownOptions(options, known);
  if (unknown.length === 0) return;
  throw new TypeError(`${operator}: ${unknown.join(', ')}; it takes ${known.join(', ')}`);
}
