/**
 * Breaks the promises of the library on purpose, one after another, in a copy of the project, and
 * looks for what finds it: a seed of `npm run simulate -- --troubles`, or the spec that holds the
 * promise.
 *
 *     npm run breaks
 *     npm run breaks -- --promise 4
 *
 * Prints a table in Markdown. Exits with code 1 if nothing finds a break, or if something is found
 * with nothing broken.
 */
import { availableParallelism } from 'node:os';
import { commandLine, refuse } from '../command-line.ts';
import { type Break, breaks } from './breaks.ts';
import { Copy, type Found } from './copy.ts';

const { numbers } = commandLine({
  usage: `npm run breaks -- [options]

  --promise 0   only the breaks of this promise; 0: all of them`,
  numbers: { promise: { otherwise: 0, least: 0 } },
});

const chosen = breaks.filter(({ promise }) => [0, promise].includes(numbers.promise));
if (chosen.length === 0) refuse(`there is no break of promise ${numbers.promise}`);
/** Rows by place, since they are found out of order. */
const rows: string[] = [];
let left = 0;

function cell(found: Found | undefined): string {
  if (found === undefined) return '–';
  const { name, seed, invariant } = found;
  return seed === undefined ? invariant : `${name}: seed ${seed}, ${invariant}`;
}

async function tried(copy: Copy, broken: Break): Promise<string> {
  const { promise, what, spec } = broken;
  const found = await copy.broken(broken, () => copy.seek());
  const passes = await copy.broken(broken, () => copy.passes(spec));
  if (found === undefined && passes) left += 1;
  return `| ${promise} | ${what} | ${cell(found)} | ${passes ? '–' : spec} |`;
}

async function work(): Promise<void> {
  const copy = await Copy.make();
  try {
    for (let next = turn(); next !== undefined; next = turn()) {
      rows[next.place] = await tried(copy, next.broken);
      console.error(rows[next.place]);
    }
  } finally {
    await copy.remove();
  }
}

const places = chosen.entries();
function turn(): { readonly place: number; readonly broken: Break } | undefined {
  const { value } = places.next();
  return value && { place: value[0], broken: value[1] };
}

/** Without a break, neither a seed nor a spec may find anything. */
async function nothingBroken(): Promise<boolean> {
  const copy = await Copy.make();
  try {
    const found = await copy.seek();
    if (found !== undefined) console.error(`with nothing broken: ${cell(found)}`);
    const failing: string[] = [];
    for (const spec of new Set(chosen.map((each) => each.spec))) {
      if (!(await copy.passes(spec))) failing.push(spec);
    }
    if (failing.length > 0) console.error(`with nothing broken: ${failing.join(', ')}`);
    return found === undefined && failing.length === 0;
  } finally {
    await copy.remove();
  }
}

if (await nothingBroken()) {
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  console.log('| promise | broken | found by | and by the spec |\n| ---: | --- | --- | --- |');
  console.log(rows.join('\n'));
  console.log(`\n${chosen.length} breaks, ${left} that nothing found`);
  if (left > 0) process.exitCode = 1;
} else {
  process.exitCode = 1;
}
