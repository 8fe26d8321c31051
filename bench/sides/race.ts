import type { Setup } from '../contestants/contestant.ts';
import type { Effort, Failure } from '../frame/measure.ts';
import { alternate, reasonOf, type Rounds } from '../frame/rounds.ts';
import { Pair, type Lap } from './pair.ts';

/** What a contestant does in each round. */
export type Run<T> = () => Promise<T>;

/**
 * Starts a pair of each contestant, warms them up, runs them in turns, and ends them. Those that fail have no
 * figures, and are told.
 *
 * @param runOf what a pair is to do in each round, if it is not just to send; it may warm up for that first
 */
export async function race(
  names: readonly string[],
  setup: Setup,
  effort: Effort,
): Promise<Rounds<Lap>>;
export async function race<T>(
  names: readonly string[],
  setup: Setup,
  effort: Effort,
  runOf: (pair: Pair, count: number) => Run<T> | Promise<Run<T>>,
): Promise<Rounds<T>>;
export async function race(
  names: readonly string[],
  setup: Setup,
  effort: Effort,
  runOf: (pair: Pair, count: number) => Run<unknown> | Promise<Run<unknown>> = (pair, count) =>
    () =>
      pair.run(count),
): Promise<Rounds<unknown>> {
  const pairs: Pair[] = [];
  const runs = new Map<string, Run<unknown>>();
  const failed = new Map<string, string>();
  try {
    for (const name of names) {
      try {
        const pair = await Pair.start(name, setup);
        pairs.push(pair);
        runs.set(name, await runOf(pair, await pair.calibrate(effort.roundMs)));
      } catch (error) {
        failed.set(name, reasonOf(error));
      }
    }
    const rounds = await alternate(runs, effort.rounds);
    return { figures: rounds.figures, failed: new Map([...failed, ...rounds.failed]) };
  } finally {
    for (const pair of pairs) pair.end();
  }
}

/** Failures as findings have them. */
export function failuresOf(of: string, failed: ReadonlyMap<string, string>): readonly Failure[] {
  return [...failed].map(([contestant, reason]) => ({ case: of, contestant, reason }));
}
