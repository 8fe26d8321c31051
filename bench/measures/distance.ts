import { farContestants } from '../contestants/far.ts';
import {
  seriesOf,
  type Effort,
  type Failure,
  type Findings,
  type Measure,
  type Series,
} from '../frame/measure.ts';
import { alternate, reasonOf } from '../frame/rounds.ts';
import { percentileOf } from '../frame/statistics.ts';
import { FarPair, type Crossing, type Way } from '../sides/far-pair.ts';
import { failuresOf } from '../sides/race.ts';
import { contestantsText } from './contestants-text.ts';
import { textOfBytes } from './sizes.ts';

const sizes = [64, 1024, 65_536];

/** Round trips in ms. The second list is measured only with `--full`. */
const [roundTrips, moreRoundTrips] = [[50], [10, 150]];

/** In Mbit/s; 0: no limit. */
const bandwidths = [1, 10, 100, 0];

/**
 * How long a contestant sends before measuring starts, and how long it is measured. A slow line
 * needs more time, because it carries few messages per second.
 */
const [slow, fast] = [
  { afterMs: 4000, forMs: 8000 },
  { afterMs: 2000, forMs: 3000 },
];

/** Round trip of the line on which the first message after a dial is timed. */
const dialRoundTripMs = 100;
const dialCase = `dial, ${dialRoundTripMs} ms`;

/** The name for the fastest contestant of a round other than rxmesh. */
export const fastest = 'fastest of the others';
const subject = 'rxmesh';

/** A line and the size of the messages on it. */
export interface Case {
  readonly roundTripMs: number;
  /** Bandwidth of each direction in Mbit/s; 0 for no limit. */
  readonly megabits: number;
  readonly bytes: number;
}

/** Throughput and latency over a line with a delay and a limited bandwidth. */
export const distance: Measure = {
  name: 'distance',
  title: 'Over a distance',
  about: [
    'Sender and receiver are in processes of their own, and between them is a line: a TCP proxy, in a process of its ' +
      'own, which delays everything that passes. A case has the round trip, what each direction carries, and the size of ' +
      'messages, which are sent as fast as they are taken. In front of the bottleneck is a queue of 100 ms, or of 64 KiB if ' +
      'that is more. Meanwhile a small message of 15 bytes is sent every 50 to 100 ms, on another channel or stream where ' +
      'there is one: its p50 and p99 are one way, from when it was due. If none arrived any more, that is how long the ' +
      'oldest one has waited. Each turn is in new processes, and sends for ' +
      `${slow.afterMs / 1000} s and ${slow.forMs / 1000} s at 1 Mbit/s, and for ${fast.afterMs / 1000} s and ` +
      `${fast.forMs / 1000} s else, of which the second part counts; there is one round, unless \`--rounds\` says another ` +
      `number. \`${dialCase}\`: round trips of that length from dial until the first message is there.`,
    ...contestantsText(farContestants),
    `- \`${fastest}\`: whichever of the others carried most in a round`,
  ].join('\n'),
  charted: 'messages/s',
  async run(effort) {
    const rounds = effort.roundsGiven ? effort.rounds : 1;
    const found = [await measureDials(effort)];
    for (const one of casesFor(effort)) found.push(await measureCase(one, { ...effort, rounds }));
    return {
      series: found.flatMap(({ series }) => series),
      failures: found.flatMap(({ failures }) => failures),
    };
  },
};

function casesFor({ full }: Effort): readonly Case[] {
  return [...roundTrips, ...(full ? moreRoundTrips : [])].flatMap((roundTripMs) =>
    bandwidths.flatMap((megabits) => sizes.map((bytes) => ({ roundTripMs, megabits, bytes }))),
  );
}

/** The name of a case in the report. */
export function nameOf({ roundTripMs, megabits, bytes }: Case): string {
  const bandwidth = megabits === 0 ? 'no limit' : `${megabits} Mbit/s`;
  return `${roundTripMs} ms, ${bandwidth}, ${textOfBytes(bytes)}`;
}

/** A contestant's setup for a case. */
export function wayOf(name: string, { roundTripMs, megabits, bytes }: Case): Way {
  const bytesPerSecond = megabits === 0 ? Infinity : megabits * 125_000;
  return { name, bytes, line: { latencyMs: roundTripMs / 2, bytesPerSecond } };
}

function namesFor(of: string, effort: Effort): readonly string[] {
  const isWanted = (name: string): boolean => effort.isWanted(of, name);
  return Object.keys(farContestants).filter(
    (name) => isWanted(name) || (name !== subject && isWanted(fastest)),
  );
}

async function measureCase(one: Case, effort: Effort): Promise<Findings> {
  const of = nameOf(one);
  const names = namesFor(of, effort);
  if (names.length === 0) return { series: [], failures: [] };
  effort.log(of);
  const { figures, failed } = await alternate(
    new Map(names.map((name) => [name, () => cross(name, one)])),
    effort,
  );
  const series = [...figures].flatMap(([contestant, crossings]) =>
    seriesOf({ case: of, contestant }, crossings, {
      'messages/s': ({ count, seconds }) => count / seconds,
      'MB/s': ({ count, seconds }) => (count * one.bytes) / seconds / 1e6,
      'small message, p50, ms': ({ notesMs }) => percentileOf(notesMs, 50),
      'small message, p99, ms': ({ notesMs }) => percentileOf(notesMs, 99),
    }),
  );
  return { series: [...series, ...fastestOf(series)], failures: failuresOf(of, failed) };
}

/**
 * Runs one turn in new processes, because leftovers of an earlier turn in the buffers take seconds
 * to drain on a slow line.
 */
async function cross(name: string, one: Case): Promise<Crossing> {
  const pair = await FarPair.start(wayOf(name, one));
  try {
    await pair.dial();
    const { afterMs, forMs } = one.megabits === 1 ? slow : fast;
    return await pair.cross(afterMs, forMs);
  } finally {
    pair.end();
  }
}

/**
 * The highest rate of any contestant other than rxmesh in each round; empty if fewer than two took
 * part.
 */
function fastestOf(series: readonly Series[]): readonly Series[] {
  const others = series.filter(
    ({ contestant, quantity }) => contestant !== subject && quantity === 'messages/s',
  );
  const [one, two] = others;
  if (one === undefined || two === undefined) return [];
  const rounds = one.rounds.map((_, round) =>
    Math.max(...others.map((other) => other.rounds[round] ?? 0)),
  );
  return [{ ...one, contestant: fastest, rounds }];
}

/** Measures dials. Processes are reused for all rounds, and each dials once as a warm-up. */
async function measureDials(effort: Effort): Promise<Findings> {
  const names = namesFor(dialCase, effort);
  if (names.length > 0) effort.log(dialCase);
  const pairs: FarPair[] = [];
  const dials = new Map<string, () => Promise<number>>();
  const failures: Failure[] = [];
  const line = { latencyMs: dialRoundTripMs / 2 };
  try {
    for (const name of names) {
      try {
        const pair = await FarPair.start({ name, bytes: 64, line });
        pairs.push(pair);
        await pair.firstMessage();
        dials.set(name, () => pair.firstMessage());
      } catch (error) {
        failures.push({ case: dialCase, contestant: name, reason: reasonOf(error) });
      }
    }
    const { figures, failed } = await alternate(dials, effort);
    const series = [...figures].flatMap(([contestant, seconds]) =>
      seriesOf({ case: dialCase, contestant }, seconds, {
        'round trips': (each) => (each * 1000) / dialRoundTripMs,
      }),
    );
    return { series, failures: [...failures, ...failuresOf(dialCase, failed)] };
  } finally {
    for (const pair of pairs) pair.end();
  }
}
