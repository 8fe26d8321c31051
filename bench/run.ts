import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import { entries } from './contestants/index.ts';
import { chartOf } from './frame/charts.ts';
import { createYardstick, MachineWatch } from './frame/machine.ts';
import type { Extent, Measure, Outcome } from './frame/measure.ts';
import { reportOf, type Circumstances, type Report } from './frame/report.ts';
import { reasonOf } from './frame/rounds.ts';
import { verdictOn } from './frame/verdicts.ts';
import { targets } from './targets.ts';

/** Runs measures one after the other. A measure that throws is reported as a failure. */
export async function runAll(
  measures: readonly Measure[],
  extentOf: (measure: Measure) => Extent,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const yardstick = createYardstick();
  for (const { run, ...measure } of measures) {
    console.error(measure.title);
    const startedAt = performance.now();
    const watch = new MachineWatch(yardstick);
    const effort = { ...extentOf({ run, ...measure }), beforeTurn: () => watch.sample() };
    const findings = await run(effort).catch((error: unknown) => {
      console.error(error);
      return {
        series: [],
        failures: [{ case: 'all', contestant: measure.name, reason: reasonOf(error) }],
      };
    });
    for (const { contestant, case: of, reason } of findings.failures) {
      console.error(`  FAILED: ${contestant}, ${of}: ${reason}`);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    outcomes.push({ ...findings, measure, seconds, machine: watch.state() });
  }
  return outcomes;
}

/**
 * The full report on some outcomes.
 *
 * @param isPart whether only some of the measures were run, in which case the targets of the rest
 *   are left out
 */
export function reportOn(outcomes: readonly Outcome[], extent: Extent, isPart: boolean): Report {
  const ran = new Set(outcomes.map(({ measure }) => measure.name));
  const aimedAt = targets.filter(({ measure }) => !isPart || ran.has(measure));
  return {
    circumstances: circumstancesOf(extent),
    contestants: entries,
    outcomes,
    verdicts: aimedAt.map((target) => verdictOn(target, outcomes)),
  };
}

/** Writes report.md, report.json, and a chart for each measure. */
export function writeReport(report: Report): URL {
  const directory = new URL('../results/', import.meta.url);
  mkdirSync(directory, { recursive: true });
  const write = (name: string, text: string): void => {
    writeFileSync(new URL(name, directory), text);
  };
  for (const outcome of report.outcomes) write(`${outcome.measure.name}.svg`, chartOf(outcome));
  write('report.json', `${JSON.stringify(report, null, 2)}\n`);
  write('report.md', reportOf(report));
  return directory;
}

/** The conditions of a run. */
export function circumstancesOf({ rounds, roundMs }: Extent): Circumstances {
  const processors = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processors: `${processors.length} × ${processors[0]?.model.trim() ?? 'processor'}`,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.versions.node,
    rounds,
    roundMs,
  };
}
