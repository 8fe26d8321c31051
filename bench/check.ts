import { targetsOf } from './frame/report.ts';
import type { Effort, Measure } from './frame/measure.ts';
import { verdictOn } from './frame/verdicts.ts';
import { runAll } from './run.ts';
import { targets } from './targets.ts';

/**
 * Measures what the targets with a guard need, and no more, and holds them against their guards.
 *
 * @returns whether all hold
 */
export async function check(measures: readonly Measure[], effort: Effort): Promise<boolean> {
  const guarded = targets.filter(({ guard }) => guard !== undefined);
  const needed = measures.filter(({ name }) => guarded.some(({ measure }) => measure === name));
  const outcomes = await runAll(needed, ({ name }) => {
    const figures = guarded
      .filter(({ measure }) => measure === name)
      .flatMap(({ figure, over }) => (over === undefined ? [figure] : [figure, over]));
    const isWanted: Effort['isWanted'] = (of, contestant) =>
      figures.some((figure) => figure.case === of && figure.contestant === contestant);
    return { ...effort, isWanted };
  });
  const verdicts = guarded.map((target) => verdictOn(target, outcomes, target.guard));
  console.log(targetsOf(verdicts));
  return verdicts.every(({ isMet }) => isMet);
}
