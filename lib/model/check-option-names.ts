import { unknownOptions } from './unknown-options.ts';

/**
 * Refuses what is no options object, and options that do not exist: a name that is mistyped would silently be a default.
 *
 * @param operator whose options these are: the first word of the message
 * @throws {TypeError}
 */
export function checkOptionNames(
  operator: string,
  options: unknown,
  known: readonly string[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${operator}: options must be an object, got ${JSON.stringify(options)}`);
  }
  const [unknown] = unknownOptions(options, known);
  if (unknown === undefined) return;
  throw new TypeError(`${operator}: ${unknown}; it takes ${known.join(', ')}`);
}
