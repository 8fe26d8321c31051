/**
 * How often a property is tried: `all` times in the slow suite, and a fifth of that in `npm test`.
 * Specs that ask for this are called `*.property.spec.ts`, and run in both.
 */
export function runs(all: number): number {
  return process.env['RXMESH_ALL_RUNS'] === undefined ? Math.ceil(all / 5) : all;
}
