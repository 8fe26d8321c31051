/**
 * Simulates networks of any size: see `npm run simulate -- --help`. Exits with code 1 if an
 * invariant did not hold, and 2 if an option is wrong.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { argumentsFrom, help, type Options, optionsFrom } from './options.ts';
import { plot } from './plot.ts';
import { exchangeHead, exchangeRow, shrunkReport, summary, tableHead, tableRow } from './print.ts';
import { type Result, runInTurns } from './run.ts';
import { firstBroken, runAsAsked } from './seeds.ts';
import { shrink, shrinkRunsMax } from './shrink.ts';
import { troubles } from './troubles.ts';

const tableSizes = [10, 30, 100, 300, 1_000, 3_000, 10_000];
const exchangeSizes = [8, 50, 200, 1_000];

const args = process.argv.slice(2);

function read(): Options | undefined {
  try {
    const options = optionsFrom(args);
    if (options === undefined) console.log(help);
    if (options?.svg !== undefined) checkWritable('--svg', options.svg);
    return options;
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    console.error(`simulate: ${problem} (see --help)`);
    process.exitCode = 2;
    return undefined;
  }
}

/** @throws {Error} naming the option whose file cannot be written */
function checkWritable(option: string, file: string): void {
  const isNew = !existsSync(file);
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${option}: cannot write to the file: ${why}`, { cause: error });
  }
  if (isNew) rmSync(file);
}

function report(options: Options, result: Result): void {
  if (options.svg !== undefined) writeFileSync(options.svg, plot(result.samples));
  console.log(options.json ? JSON.stringify(result) : summary(result));
  if (result.broken === undefined) return;
  const again = argumentsFrom(options).join(' ');
  console.error(`\n${result.broken}\nto repeat it: npm run simulate -- ${again}`);
  console.error(`\nlooking for a smaller case, in ${shrinkRunsMax} runs at most`);
  const shrunk = shrink(options, result, runAsAsked);
  console.error(shrunkReport(result, shrunk));
  process.exitCode = 1;
}

/** Runs each size in a process of its own, so that one does not pay for the memory of another. */
function table(options: Options): void {
  const { exchange } = options;
  const [head, row, sizes] = exchange
    ? [exchangeHead, exchangeRow, exchangeSizes]
    : [tableHead, tableRow, tableSizes];
  console.log(head);
  const main = fileURLToPath(import.meta.url);
  for (const nodes of sizes.filter((each) => each <= options.nodes)) {
    const own = [...args.filter((each) => each !== '--table'), '--nodes', String(nodes), '--json'];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...process.execArgv, main, ...own],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    if (status === 0) console.log(row(JSON.parse(stdout) as Result));
    else console.error(`${nodes} nodes: ${stderr.trim()}`);
    process.exitCode = Math.max(Number(process.exitCode ?? 0), status ?? 1);
  }
}

/** Runs one seed after another, and reports on the first that breaks an invariant. */
function manySeeds(options: Options): void {
  const sum = { sent: 0, delivered: 0, left: 0 };
  const broken = firstBroken(options, ({ messages, left }) => {
    sum.sent += messages.sent;
    sum.delivered += messages.delivered;
    sum.left += left;
  });
  if (broken !== undefined) {
    report(broken.options, broken.result);
    return;
  }
  const last = options.seed + options.seeds - 1;
  console.log(`seeds ${options.seed} to ${last}: every invariant held`);
  console.log(
    `${sum.left} nodes left and returned; ${sum.delivered} of ${sum.sent} messages arrived`,
  );
}

function allTroubles(): void {
  for (const { name, line } of troubles) {
    console.log(`${name}: ${line}`);
    const options = optionsFrom(line.split(' '));
    if (options !== undefined) manySeeds(options);
  }
}

if (args.includes('--troubles')) {
  if (args.length === 1) {
    allTroubles();
  } else {
    console.error('simulate: --troubles takes no other option (see --help)');
    process.exitCode = 2;
  }
} else {
  const options = read();
  if (options?.table === true) table(options);
  else if (options !== undefined && (options.seeds > 1 || options.twice)) manySeeds(options);
  else if (options !== undefined) report(options, await runInTurns(options));
}
