import type { Effort } from '../frame/measure.ts';
import { alternateSlices, calibrate, joined, reasonOf, type Rounds } from '../frame/rounds.ts';
import type { Run, Runner } from '../frame/runner.ts';

/** A run that takes longer has failed. */
export const runWithinMs = 60_000;

/**
 * Starts a process for each entrant, warms them up one after the other, runs them in turns, and
 * ends them. Entrants that fail have no figures, but a reason.
 *
 * @param first number of messages in the first warm-up run
 * @param slices number of slices per round
 */
export async function raceInOneProcess(
  starts: ReadonlyMap<string, () => Promise<Runner>>,
  first: number,
  effort: Effort,
  slices = 1,
): Promise<Rounds<Run>> {
  const runners: Runner[] = [];
  const runs = new Map<string, () => Promise<Run>>();
  const failed = new Map<string, string>();
  try {
    for (const [name, start] of starts) {
      try {
        const runner = await start();
        runners.push(runner);
        const count = await calibrate(
          (messages) => runner.run(messages),
          first,
          effort.roundMs / slices,
        );
        runs.set(name, () => runner.run(count));
      } catch (error) {
        failed.set(name, reasonOf(error));
      }
    }
    const raced = await alternateSlices(runs, effort, { slices, join: joined });
    return { figures: raced.figures, failed: new Map([...failed, ...raced.failed]) };
  } finally {
    for (const runner of runners) runner.end();
  }
}
