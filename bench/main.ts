/**
 * Measures rxmesh and comparable libraries, and writes a report to bench/results.
 *
 *     npm run bench                                    everything, in less than 25 minutes
 *     npm run --silent bench -- throughput --json      one measure, as JSON on stdout
 *     npm run bench -- throughput --against ../before  in turns with another checkout
 *     npm run bench:check                              only the guards
 *     npm run bench -- --help
 *
 * Exits with code 1 if a contestant failed or a guard was missed, and with 2 on invalid arguments.
 */
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { check } from './check.ts';
import { commandFrom, usageOf, type Command } from './command.ts';
import { compare } from './compare.ts';
import { checkoutAt, type Checkout } from './frame/checkout.ts';
import { sectionsOf, targetsOf } from './frame/report.ts';
import { comparable } from './measures/comparable.ts';
import { measures } from './measures/index.ts';
import { reportOn, runAll, writeReport } from './run.ts';

/** @returns the exit code */
async function main(): Promise<number> {
  const offer = { measures, comparable };
  const usage = usageOf(offer);
  let command: Command;
  let other: Checkout | undefined;
  try {
    command = commandFrom(process.argv.slice(2), offer);
    if (command.against && !command.help) other = checkoutAt(command.against.path);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  const { chosen, extent, isPart, json } = command;
  if (command.help) {
    console.log(usage);
    return 0;
  }
  if (command.check) return (await check(chosen, extent)) ? 0 : 1;
  if (command.against && other) {
    const { cases } = command.against;
    return (await compare({ cases, other }, extent, json)) ? 0 : 1;
  }
  const outcomes = await runAll(chosen, () => extent);
  if (outcomes.every(({ series, failures }) => series.length + failures.length === 0)) {
    console.error('nothing was measured: there is no such --case or --contestant');
    return 2;
  }
  const report = reportOn(outcomes, extent, isPart);
  if (json) console.log(JSON.stringify(report, null, 2));
  else if (isPart) console.log(sectionsOf(outcomes, false).join('\n\n'));
  else {
    const directory = writeReport(report);
    console.log(targetsOf(report.verdicts));
    console.log(`\nreport: ${fileURLToPath(directory)}report.md`);
  }
  return outcomes.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

process.exitCode = await main();
