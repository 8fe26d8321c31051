import { farContestants } from '../contestants/far.ts';
import {
  seriesOf,
  type Effort,
  type Failure,
  type Measure,
  type Series,
} from '../frame/measure.ts';
import { alternate } from '../frame/rounds.ts';
import { percentileOf } from '../frame/statistics.ts';
import { FarPair, type Crossing } from '../sides/far-pair.ts';
import { failuresOf } from '../sides/race.ts';
import { contestantsText } from './contestants-text.ts';
import { textOfBytes } from './sizes.ts';

const sizes = [64, 1024, 65_536];

/** Round trips in ms; the others are measured with `--full` only. */
const [usual, others] = [[50], [10, 150]];

/** What a direction carries, in Mbit/s; 0: no limit. */
const bandwidths = [1, 10, 100, 0];

/** How long a contestant sends before it counts, and then: on a slow line both take longer. */
const [slow, fast] = [
  { afterMs: 4000, forMs: 8000 },
  { afterMs: 2000, forMs: 3000 },
];

interface Case {
  readonly roundTripMs: number;
  readonly megabits: number;
  readonly bytes: number;
}

/** What a line with a delay and a bandwidth carries. */
export const distance: Measure = {
  name: 'distance',
  title: 'Over a distance',
  about: [
    'Sender, receiver and a line between them, in processes of their own.',
    ...contestantsText(farContestants),
  ].join('\n'),
  charted: 'messages/s',
  async run(effort) {
    const series: Series[] = [];
    const failures: Failure[] = [];
    for (const one of cases(effort)) await measureCase(one, effort, series, failures);
    return { series, failures };
  },
};

function cases({ full }: Effort): readonly Case[] {
  return [...usual, ...(full ? others : [])].flatMap((roundTripMs) =>
    bandwidths.flatMap((megabits) => sizes.map((bytes) => ({ roundTripMs, megabits, bytes }))),
  );
}

function nameOf({ roundTripMs, megabits, bytes }: Case): string {
  const bandwidth = megabits === 0 ? 'no limit' : `${megabits} Mbit/s`;
  return `${roundTripMs} ms, ${bandwidth}, ${textOfBytes(bytes)}`;
}

/** Adds to `series` and `failures`. */
async function measureCase(
  one: Case,
  effort: Effort,
  series: Series[],
  failures: Failure[],
): Promise<void> {
  const of = nameOf(one);
  const names = Object.keys(farContestants).filter((name) => effort.isWanted(of, name));
  if (names.length === 0) return;
  effort.log(of);
  const { figures, failed } = await alternate(
    new Map(names.map((name) => [name, () => cross(name, one)])),
    effort,
  );
  for (const [contestant, crossings] of figures) {
    series.push(
      ...seriesOf({ case: of, contestant }, crossings, {
        'messages/s': ({ count, seconds }) => count / seconds,
        'MB/s': ({ count, seconds }) => (count * one.bytes) / seconds / 1e6,
        'note p50, ms': ({ notesMs }) => percentileOf(notesMs, 50),
        'note p99, ms': ({ notesMs }) => percentileOf(notesMs, 99),
      }),
    );
  }
  failures.push(...failuresOf(of, failed));
}

/** One turn, in new processes: what the one before has left in buffers takes seconds on a slow line. */
async function cross(name: string, { roundTripMs, megabits, bytes }: Case): Promise<Crossing> {
  const line = { delayMs: roundTripMs / 2, bitsPerSecond: megabits * 1e6 };
  const pair = await FarPair.start(name, bytes, line);
  try {
    const { afterMs, forMs } = megabits === 1 ? slow : fast;
    return await pair.cross(afterMs, forMs);
  } finally {
    pair.end();
  }
}
