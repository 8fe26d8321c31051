/**
 * Measures rxmesh beside its peers, and writes a report to bench/results.
 *
 *     npm run bench                                 everything, in less than 15 minutes
 *     npm run --silent bench -- throughput --json   one measure, as JSON on stdout
 *     npm run bench -- --help
 *
 * The exit code is 1 if a contestant failed.
 */
import { parseArgs } from 'node:util';
import process from 'node:process';
import type { Effort, Measure, Outcome } from './frame/measure.ts';
import { measures } from './measures/index.ts';

const usage = `usage: npm run bench -- [MEASURE ...] [option ...]

measures (all of them, if none is named):
${measures.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join('\n')}

options:
  --json           print the findings as JSON, and write no report
  --rounds N       rounds of each contestant, 1 to 100 (5)
  --round-ms N     length of a round, 50 to 60000 (1000)
  --full           measure at full size: hours, for the matrix
  --help           print this`;

/** What was asked for on the command line; a text, if it cannot be understood. */
function commandOf(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      'round-ms': { type: 'string', default: '1000' },
      full: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const chosen = positionals.map((name) => {
    const measure = measures.find((one) => one.name === name);
    if (measure === undefined) throw new RangeError(`there is no measure ${name}`);
    return measure;
  });
  const effort: Effort = {
    rounds: numberIn('--rounds', values.rounds, 1, 100),
    roundMs: numberIn('--round-ms', values['round-ms'], 50, 60_000),
    full: values.full,
    log: (text) => console.error(`  ${text}`),
  };
  return { ...values, effort, chosen: chosen.length > 0 ? chosen : measures };
}

function numberIn(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${option} is a whole number from ${min} to ${max}, given ${text}`);
}

/** Runs one measure. One that fails as a whole is a failure of all its contestants. */
async function outcomeOf(measure: Measure, effort: Effort): Promise<Outcome> {
  console.error(measure.title);
  const startedAt = performance.now();
  const { run, ...described } = measure;
  const findings = await run(effort).catch((error: unknown) => ({
    series: [],
    failures: [{ case: 'all', contestant: 'all', reason: String(error) }],
  }));
  for (const { contestant, case: of, reason } of findings.failures) {
    console.error(`  FAILED: ${contestant}, ${of}: ${reason}`);
  }
  return { ...findings, measure: described, seconds: (performance.now() - startedAt) / 1000 };
}

async function main(): Promise<void> {
  let command;
  try {
    command = commandOf(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (command.help) {
    console.log(usage);
    return;
  }
  const outcomes: Outcome[] = [];
  for (const measure of command.chosen) outcomes.push(await outcomeOf(measure, command.effort));
  if (command.json) console.log(JSON.stringify(outcomes, null, 2));
  if (outcomes.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

await main();
