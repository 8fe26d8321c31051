import {
  seriesOf,
  type Effort,
  type Failure,
  type Findings,
  type Measure,
  type Series,
} from '../frame/measure.ts';
import { Child } from '../frame/processes.ts';
import { slicesPerRound } from '../frame/rounds.ts';
import type { Run, Runner } from '../frame/runner.ts';
import { ratiosOf } from '../frame/statistics.ts';
import { raceInOneProcess, runWithinMs } from '../sides/one-process.ts';
import { failuresOf } from '../sides/race.ts';
import type { Breadth, handlers, Spread } from '../sides/routing.ts';

const breadths: readonly Breadth[] = ['channels', 'peers'];
const spreads: readonly Spread[] = ['one by one', '64 at a time', 'all to one'];

/** Numbers of channels or peers. Costs are reported relative to the first. */
const counts = [1, 100, 1000] as const;

/** Number of messages in the first warm-up run. */
const firstCount = 1024;

const charted = 'CPU of both sides, µs/message';

/** How the cost of a message grows with the number of channels or peers. */
export const routing: Measure = {
  name: 'routing',
  title: 'Routing among many channels and many peers',
  about:
    'rxmesh alone, all nodes in one process on the memory transport, messages of 64 bytes, encoded, decoded, in ' +
    'order. One node sends on 1, 100 or 1,000 channels to one peer, or on one channel to 1, 100 or 1,000 peers, in ' +
    'bursts of 1,024 messages; then the event loop turns. Within a burst the messages go to one channel or peer ' +
    'after the other, one by one or 64 at a time, or all to one of those that are there. To 1,000 peers one by ' +
    'one, each message is a record of its own. All take turns slice by slice, five to a round.',
  charted,
  lowerIsBetter: true,
  async run(effort) {
    const series: Series[] = [];
    const failures: Failure[] = [];
    for (const breadth of breadths) {
      const entrants = entrantsOf(breadth, effort);
      if (entrants.length === 0) continue;
      effort.log(breadth);
      const found = await measure(breadth, entrants, effort);
      series.push(...found.series);
      failures.push(...found.failures);
    }
    return { series, failures };
  },
};

/** A number of channels or peers, and how messages are spread over them. */
interface Entrant {
  readonly name: string;
  readonly spread: Spread;
  readonly count: number;
}

/** With one channel or peer, all spreads are the same, so only one is measured. */
function entrantsOf(breadth: Breadth, effort: Effort): readonly Entrant[] {
  return counts.flatMap((count) => {
    const wanted = spreads.filter((spread) =>
      effort.isWanted(caseOf(breadth, spread), contestantOf(count)),
    );
    return wanted
      .slice(0, count === 1 ? 1 : spreads.length)
      .map((spread) => ({ name: nameOf(spread, count), spread, count }));
  });
}

function nameOf(spread: Spread, count: number): string {
  return count === 1 ? contestantOf(1) : `${contestantOf(count)}, ${spread}`;
}

function caseOf(breadth: Breadth, spread: Spread): string {
  return `${breadth} ${spread}`;
}

function contestantOf(count: number): string {
  return `rxmesh among ${count}`;
}

/**
 * Measures one breadth. Spreads over the same channels or peers share a process. Rounds are half as
 * long as in other measures.
 */
async function measure(
  breadth: Breadth,
  entrants: readonly Entrant[],
  effort: Effort,
): Promise<Findings> {
  const sides = new Map<number, Promise<Child<typeof handlers>>>();
  const side = (count: number): Promise<Child<typeof handlers>> => {
    const started = sides.get(count) ?? start(breadth, count);
    sides.set(count, started);
    return started;
  };
  const starts = new Map(
    entrants.map(({ name, spread, count }) => [
      name,
      async (): Promise<Runner> => {
        const child = await side(count);
        return {
          run: (messages) => child.ask('run', { spread, count: messages }, runWithinMs),
          end: () => child.end(),
        };
      },
    ]),
  );
  const half = { ...effort, roundMs: effort.roundMs / 2 };
  const { figures, failed } = await raceInOneProcess(starts, firstCount, half, slicesPerRound);
  const series = spreads
    .flatMap((spread) => seriesFor(breadth, spread, figures))
    .filter((one) => effort.isWanted(one.case, one.contestant));
  return { series, failures: failuresOf(breadth, failed) };
}

function seriesFor(
  breadth: Breadth,
  spread: Spread,
  figures: ReadonlyMap<string, readonly Run[]>,
): readonly Series[] {
  const of = caseOf(breadth, spread);
  const cpuOf = (runs: readonly Run[]): readonly number[] => runs.map(({ cpuUs }) => cpuUs);
  const one = figures.get(nameOf(spread, 1)) ?? [];
  return counts.flatMap((count) => {
    const runs = figures.get(nameOf(spread, count));
    if (runs === undefined) return [];
    const contestant = contestantOf(count);
    return [
      ...seriesOf({ case: of, contestant }, runs, {
        [charted]: ({ cpuUs }) => cpuUs,
        'messages/s': ({ count: messages, seconds }) => messages / seconds,
      }),
      {
        case: of,
        contestant,
        quantity: 'CPU ÷ that among 1',
        rounds: ratiosOf(cpuOf(runs), cpuOf(one)),
      },
    ].filter(({ rounds }) => rounds.length > 0);
  });
}

async function start(breadth: Breadth, count: number): Promise<Child<typeof handlers>> {
  const module = new URL('../sides/routing.js', import.meta.url);
  const child = await Child.start<typeof handlers>(module, `${count} ${breadth}`);
  await child.ask('connect', { breadth, count }, runWithinMs);
  return child;
}
