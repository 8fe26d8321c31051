import { targetsOf } from './frame/report.ts';
import type { Extent, Measure, Outcome } from './frame/measure.ts';
import { verdictOn, type Target, type Verdict } from './frame/verdicts.ts';
import { runAll } from './run.ts';
import { targets } from './targets.ts';

/**
 * Measures only what the guarded targets need, and checks the results against the guards. A target
 * that misses its guard is measured a second time: a real regression misses again, interference
 * from other processes usually does not.
 *
 * @returns whether every guard holds
 */
export async function check(measures: readonly Measure[], extent: Extent): Promise<boolean> {
  const guarded = targets.filter(({ guard }) => guard !== undefined);
  const first = await verdictsOn(guarded, measures, extent);
  const missed = first.filter(({ isMet }) => !isMet).map(({ target }) => target);
  let verdicts = first;
  if (missed.length > 0) {
    console.error(`once more: ${missed.map(({ what }) => what).join('; ')}`);
    const again = await verdictsOn(missed, measures, extent);
    verdicts = first.map((one) => again.find(({ target }) => target === one.target) ?? one);
  }
  console.log(targetsOf(verdicts));
  return verdicts.every(({ isMet }) => isMet);
}

async function verdictsOn(
  guarded: readonly Target[],
  measures: readonly Measure[],
  extent: Extent,
): Promise<readonly Verdict[]> {
  const needed = measures.filter(({ name }) => guarded.some(({ measure }) => measure === name));
  const outcomes: readonly Outcome[] = await runAll(needed, ({ name }) => {
    const figures = guarded
      .filter(({ measure }) => measure === name)
      .flatMap(({ figure, over }) => (over === undefined ? [figure] : [figure, over]));
    const isWanted: Extent['isWanted'] = (of, contestant) =>
      figures.some((figure) => figure.case === of && figure.contestant === contestant);
    return { ...extent, isWanted };
  });
  return guarded.map((target) => verdictOn(target, outcomes, target.guard));
}
