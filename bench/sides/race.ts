import type { Setup } from '../contestants/contestant.ts';
import type { Effort, Failure } from '../frame/measure.ts';
import { alternateSlices, joined, reasonOf, type Rounds, type Slicing } from '../frame/rounds.ts';
import { Pair, type Lap } from './pair.ts';

/** What pairs do in a race. */
export interface Racing<T> extends Slicing<T> {
  /**
   * What a pair is to do in each slice; it may warm up for that first.
   * @param count messages that take it about as long as a slice
   */
  prepare(pair: Pair, count: number): Promise<() => Promise<T>>;
}

/**
 * A race in which each just sends. Its rounds are whole: of what a slice leaves behind, the garbage
 * is collected while others run, and counts for nobody. In slices of a fifth the bare socket was a
 * quarter faster.
 */
export const sending: Racing<Lap> = {
  slices: 1,
  join: joined,
  prepare: (pair, count) => Promise.resolve(() => pair.run(count)),
};

/**
 * Starts a pair of each contestant, warms them up, runs them in turns, and ends them. Those that
 * fail have no figures, and are told.
 */
export async function race<T>(
  names: readonly string[],
  setup: Setup,
  effort: Effort,
  racing: Racing<T>,
): Promise<Rounds<T>> {
  const pairs: Pair[] = [];
  const runs = new Map<string, () => Promise<T>>();
  const failed = new Map<string, string>();
  try {
    for (const name of names) {
      try {
        const pair = await Pair.start(name, setup);
        pairs.push(pair);
        const count = await pair.calibrate(effort.roundMs / racing.slices);
        runs.set(name, await racing.prepare(pair, count));
      } catch (error) {
        failed.set(name, reasonOf(error));
      }
    }
    const raced = await alternateSlices(runs, effort, racing);
    return { figures: raced.figures, failed: new Map([...failed, ...raced.failed]) };
  } finally {
    for (const pair of pairs) pair.end();
  }
}

/** Failures as findings have them. */
export function failuresOf(of: string, failed: ReadonlyMap<string, string>): readonly Failure[] {
  return [...failed].map(([contestant, reason]) => ({ case: of, contestant, reason }));
}
