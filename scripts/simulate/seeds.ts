import type { Options } from './options.ts';
import { type Result, run } from './run.ts';

/** A run that broke an invariant, and what it was asked for. */
export interface BrokenRun {
  readonly options: Options;
  readonly result: Result;
}

/** Runs a simulation, and if `twice` asks for it, a second time: the logs must be the same. */
export function runAsAsked(options: Options): Result {
  const result = run(options);
  if (!options.twice || result.broken !== undefined) return result;
  if (run(options).log === result.log) return result;
  return {
    ...result,
    broken: `seed ${options.seed}: the second run had another log`,
    firstBroken: { invariant: 'repetition', upMs: Infinity },
  };
}

/**
 * Runs one seed after another, from `options.seed` on. Returns the first that breaks an invariant;
 * undefined if none does.
 */
export function firstBroken(
  options: Options,
  each: (result: Result) => void = () => undefined,
): BrokenRun | undefined {
  for (let nth = 0; nth < options.seeds; nth += 1) {
    const own = { ...options, seed: options.seed + nth };
    const result = runAsAsked(own);
    if (result.broken !== undefined) return { options: own, result };
    each(result);
  }
  return undefined;
}
