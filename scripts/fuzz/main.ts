/**
 * Feeds hostile bytes to all code that reads untrusted input, and checks that each input results in
 * a value or a typed error, in time. Run `npm run fuzz`, with `--count` for the total number of
 * inputs, `--seed` to repeat a run, and `--target` to choose one target, or those that begin with a
 * name: `--target comet`. With `--guided`, inputs that reach new blocks of the code are kept, and
 * later ones are made of them. A failure is printed as the command that reproduces it. Exits with
 * code 1 if there is one.
 *
 * Add targets in targets/index.ts.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { commandLine, refuse } from '../command-line.ts';
import { check } from './run.ts';
import type { Report } from './serve.ts';
import { supervised, type Work } from './supervise.ts';
import type { Target } from './target.ts';
import { targets, targetsNamed } from './targets/index.ts';

/**
 * A batch that takes longer counts as hanging. This includes the time to shrink a finding, and is
 * long enough for a machine that has much else to do.
 */
const hangMs = 120_000;
/** How many of the most frequent outcomes to print. */
const endsPrinted = 4;
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));

const {
  numbers: { count, seed, index },
  values,
} = commandLine({
  usage: `npm run fuzz -- [options]

  --count 100000   inputs in all
  --seed 1         the same seed gives the same inputs; default: any
  --target NAME    only this target, or those that begin with this and a dash
  --index 0        the first input, by number
  --guided         keep inputs that reach new blocks of the code
  --input HEX      only this input`,
  numbers: {
    count: 100_000,
    seed: { otherwise: Math.floor(Math.random() * 2 ** 31), least: 0 },
    index: { otherwise: 0, least: 0 },
  },
  options: {
    target: { type: 'string' },
    input: { type: 'string' },
    guided: { type: 'boolean' },
  },
});

function print({ target, isGuided }: Work, report: Report): void {
  const { inputs, ms, slowestMs, grownBytes, peakBytes, outcomes, finding, reached } = report;
  const figures = [
    target.padEnd(18),
    `${inputs} inputs`.padStart(15),
    `${(ms / 1000).toFixed(1)} s`.padStart(8),
    `slowest ${slowestMs.toFixed(1)} ms`.padStart(17),
    `memory ${(grownBytes / 2 ** 20).toFixed(1)} MiB`.padStart(16),
    `peak ${(peakBytes / 2 ** 20).toFixed(0)} MiB`.padStart(14),
  ];
  if (reached !== undefined) {
    figures.push(`${reached.blocks} blocks`.padStart(13), `${reached.kept} kept`.padStart(10));
  }
  const ends = [...outcomes].sort(([, a], [, b]) => b - a).slice(0, endsPrinted);
  console.log(`${figures.join('')}  ${ends.map(([end, times]) => `${end} ${times}`).join(', ')}`);
  if (finding === undefined) return;
  const { index, hex } = finding;
  const again = `npm run fuzz -- --target ${target}`;
  console.error(`\n${target}, seed ${seed}, index ${index}: ${finding.text}`);
  if (isGuided !== true) console.error(`  ${again} --seed ${seed} --index ${index} --count 1`);
  if (hex !== undefined) console.error(`  ${again} --input ${hex === '' ? "''" : hex}`);
  console.error('');
  process.exitCode = 1;
}

/** Runs as many targets concurrently as there are processors. */
async function inParallel(works: readonly Work[]): Promise<void> {
  const queue = [...works];
  const one = async (): Promise<void> => {
    for (let work = queue.shift(); work !== undefined; work = queue.shift()) {
      print(work, await supervised(work, { worker, hangMs }));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, one));
}

function worksOf(chosen: readonly Target[]): Work[] {
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  return chosen.map((target) => ({
    target: target.name,
    seed,
    from: index,
    count: Math.ceil((count * target.share) / shares),
    isGuided: values.guided === true,
  }));
}

const { target: name } = values;
const chosen = name === undefined ? targets : targetsNamed(name);
if (chosen.length === 0) {
  refuse(`no target ${name}; there are ${targets.map((each) => each.name).join(', ')}`);
}
if (values.input === undefined) {
  console.log(`seed ${seed}`);
  await inParallel(worksOf(chosen));
} else {
  const input = new Uint8Array(Buffer.from(values.input, 'hex'));
  for (const target of chosen) {
    const finding = await check(target, input);
    console.log(`${target.name}: ${finding?.text ?? 'in order'}`);
    if (finding !== undefined) process.exitCode = 1;
  }
}
