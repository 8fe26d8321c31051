/**
 * How often a property is tried: `all` times in the slow suite, and a fifth of that in `npm test`.
 * Specs that ask for this are called `*.property.spec.ts`, and run in both.
 */
export function runs(all: number): number {
  return size(all, Math.ceil(all / 5));
}

/**
 * How many, how large, how long or which: `all` in the slow suite, and `some` in `npm test`. Specs
 * that ask for this have names like those that ask for `runs`.
 */
export function size<T>(all: T, some: T): T {
  return process.env['RXMESH_ALL_RUNS'] === undefined ? some : all;
}
