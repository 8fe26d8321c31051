import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { against, comparisonsOf, sectionOf, type Comparable } from './frame/against.ts';
import { buildCheckout, type Checkout } from './frame/checkout.ts';
import type { Extent } from './frame/measure.ts';
import { circumstancesOf, runAll } from './run.ts';

/** The checkout that this bench belongs to. It has just been built. */
const ownRoot = realpathSync(fileURLToPath(new URL('../../', import.meta.url)));

/**
 * Runs this build and that of another checkout in turns, and prints a comparison as a table or as
 * JSON.
 *
 * @returns whether the other checkout was built, and both builds were measured in every case
 */
export async function compare(
  { cases, other }: { readonly cases: readonly Comparable[]; readonly other: Checkout },
  extent: Extent,
  json: boolean,
): Promise<boolean> {
  // Comparing a checkout with itself shows how much the machine alone makes two builds differ.
  if (other.root !== ownRoot) {
    console.error(`Building ${other.root}`);
    try {
      buildCheckout(other);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      return false;
    }
  }
  const measure = against(
    cases,
    { today: new URL('./sides/', import.meta.url), other: other.sides },
    { name: `--against ${other.root}`, title: `Today's build and that of ${other.root}` },
  );
  const outcomes = await runAll([measure], () => extent);
  for (const outcome of outcomes) {
    const { series, failures } = outcome;
    const comparisons = comparisonsOf(series);
    const circumstances = circumstancesOf(extent);
    const found = { circumstances, against: other.root, comparisons, failures };
    console.log(json ? JSON.stringify(found, null, 2) : sectionOf(outcome));
  }
  return outcomes.every(({ failures }) => failures.length === 0);
}
