import { nearest } from './nearest.ts';

/** Groups of options, with the names in each. */
export type OptionGroups = Readonly<Record<string, readonly string[]>>;

/**
 * One message for each name in `given` that is not in `known`, with the name that it is probably
 * meant to be. With a mistyped name, the default would silently apply.
 *
 * @param given the options; a value that is not an object has no unknown names
 * @param group the prefix of the names in messages
 * @param groups where a name may belong instead: `port` is meant to be `listen.port`
 */
export function unknownOptions(
  given: unknown,
  known: readonly string[],
  group?: string,
  groups: OptionGroups = {},
): readonly string[] {
  if (typeof given !== 'object' || given === null) return [];
  const prefix = group === undefined ? '' : `${group}.`;
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearest(name, known);
      const meant = near === undefined ? inGroup(name, groups) : `${prefix}${near}`;
      const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
      return `there is no option ${prefix}${name}${hint}`;
    });
}

function inGroup(name: string, groups: OptionGroups): string | undefined {
  const found = Object.entries(groups).find(([, names]) => names.includes(name));
  return found && `${found[0]}.${name}`;
}
