/**
 * A sentence for each name in `given` that is not `known`: a name that is mistyped would be a
 * default, in silence.
 *
 * @param given what is no object has none
 * @param group stands in front of the names
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
