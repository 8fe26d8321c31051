import type { Setup } from '../contestants/contestant.ts';
import { entryOf } from '../contestants/index.ts';
import type { Effort, Failure } from '../frame/measure.ts';
import { alternateSlices, joined, reasonOf, type Rounds, type Slicing } from '../frame/rounds.ts';
import { Pair, type Lap } from './pair.ts';

/** What each pair does in a race. */
export interface Racing<T> extends Slicing<T> {
  /**
   * Returns the work of a pair in one slice; may warm up for it first.
   *
   * @param count number of messages that take about as long as a slice
   */
  prepare(pair: Pair, count: number): Promise<() => Promise<T>>;
}

/**
 * A race in which each pair only sends. Rounds are not sliced: garbage from one slice would be
 * collected while other contestants run, and not count for anyone. With five slices per round, the
 * bare socket appeared a quarter faster.
 */
export const sending: Racing<Lap> = {
  slices: 1,
  join: joined,
  prepare: (pair, count) => Promise.resolve(() => pair.run(count)),
};

/**
 * Starts a pair for each contestant, warms them up, runs them in turns, and ends them. Contestants
 * that fail have no figures, but a reason.
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
        entryOf(name).prepare?.(effort.log);
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

/** Converts failures of a race into those of findings. */
export function failuresOf(of: string, failed: ReadonlyMap<string, string>): readonly Failure[] {
  return [...failed].map(([contestant, reason]) => ({ case: of, contestant, reason }));
}
