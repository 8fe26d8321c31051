/**
 * How often a property is tried: `all` times in the slow suite, and a fifth of that in `npm test`.
 * Specs that ask for this are called `*.property.spec.ts`, and run in both.
 */
export function runs(all: number): number {
  return size(all, Math.ceil(all / 5));
}

/**
 * How many, how large or how long: `all` in the slow suite, and `some` in `npm test`. Specs that
 * ask for this have names like those that ask for `runs`.
 */
export function size(all: number, some: number): number {
  return process.env['RXMESH_ALL_RUNS'] === undefined ? some : all;
}
