/**
 * The options named in `defaults`: each as given, or else its default. An option that is
 * `undefined` counts as left out, as callers from JavaScript may pass it.
 */
export function withDefaults<D extends object>(
  defaults: D,
  given: { readonly [Name in keyof D]?: D[Name] | undefined } = {},
): D {
  const entries = Object.entries(defaults).map(([name, value]: [string, unknown]) => {
    return [name, Reflect.get(given, name) ?? value] as const;
  });
  return Object.fromEntries(entries) as D;
}
