/**
 * One message for each name in `given` that is not in `known`. With a mistyped name, the default
 * would silently apply.
 *
 * @param given the options; a value that is not an object has no unknown names
 * @param group the prefix of the names in messages
 */
export function unknownOptions(
  given: unknown,
  known: readonly string[],
  group?: string,
): readonly string[] {
  if (typeof given !== 'object' || given === null) return [];
  const prefix = group === undefined ? '' : `${group}.`;
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => `there is no option ${prefix}${name}`);
}
