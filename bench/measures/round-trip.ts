import { entriesHere } from '../contestants/index.ts';
import { seriesOf, type Measure, type Series } from '../frame/measure.ts';
import { percentileOf } from '../frame/statistics.ts';
import { failuresOf, race } from '../sides/race.ts';
import type { Pinged } from '../sides/load.ts';

/** Background load by case, as a share of the highest rate in the contestant's warm-up. */
const loads: Readonly<Record<string, number>> = {
  alone: 0,
  '1 % load': 0.01,
  '50 % load': 0.5,
  '90 % load': 0.9,
};

/** Fewer than in other measures, because each slice begins with time that does not count. */
const slicesPerRound = 2;

/** Pauses are long enough for both sides to go idle, as they do between lone messages. */
const always = { settleMs: 100, pauseUs: [1000, 4000] } as const;

/**
 * The warm-up sends one ping right after the other, because a lone message takes its own code path.
 */
const warmUp = { perSecond: 0, durationMs: 3000, settleMs: 0, pauseUs: [0, 0] } as const;

/** The round-trip time of a lone message. */
export const roundTrip: Measure = {
  name: 'round-trip',
  title: 'Round trip of a lone message of 64 B',
  about:
    'One message at a time goes to the receiver and comes back, on a channel of its own where there are ' +
    'channels, alone, or while other messages of 64 B go the same way: 1 %, 50 % or 90 % of what this contestant ' +
    'carried at most in the warm-up. They are sent every millisecond, as many as are due. A round trip counts from ' +
    'when the message was due, so that a sender that is busy is not excused. Pings come at random, 1 to 4 ms after ' +
    `the answer to the one before, after ${warmUp.durationMs / 1000} s of one ping after the other. Percentiles are ` +
    `those of a round, which is made of ${slicesPerRound} slices, the first ${always.settleMs} ms of each apart.`,
  charted: 'p50, µs',
  lowerIsBetter: true,
  async run(effort) {
    const cases = Object.keys(loads);
    const names = entriesHere()
      .map(({ name }) => name)
      // A batch of one message is what `ws` and `socket` send, and pings bypass the operators.
      .filter((name) => !['ws-batches', 'parts', 'rxmesh-operators'].includes(name))
      .filter((name) => cases.some((of) => effort.isWanted(of, name)));
    const durationMs = effort.roundMs / slicesPerRound;
    const { figures, failed } = await race<readonly Pinged[]>(
      names,
      { bytes: 64, channels: 1 },
      effort,
      {
        slices: slicesPerRound,
        join: (slices) => cases.map((_, i) => together(slices.flatMap((slice) => slice[i] ?? []))),
        async prepare(pair, count) {
          await pair.ping(warmUp);
          const mostPerSecond = (count / durationMs) * 1000;
          // A slice runs all cases, so a round takes several times as long as in other measures.
          return async () => {
            const pinged: Pinged[] = [];
            for (const share of Object.values(loads)) {
              const perSecond = mostPerSecond * share;
              pinged.push(await pair.ping({ ...always, perSecond, durationMs }));
            }
            return pinged;
          };
        },
      },
    );
    const series: Series[] = [];
    cases.forEach((of, i) => {
      for (const [contestant, inAllCases] of figures) {
        const inRounds = inAllCases.flatMap((round) => round[i] ?? []);
        series.push(
          ...seriesOf({ case: of, contestant }, inRounds, {
            'p50, µs': ({ roundTripsUs }) => percentileOf(roundTripsUs, 50),
            'p99, µs': ({ roundTripsUs }) => percentileOf(roundTripsUs, 99),
            'p99.9, µs': ({ roundTripsUs }) => percentileOf(roundTripsUs, 99.9),
            'other messages/s': ({ count, seconds }) => count / seconds,
          }),
        );
      }
    });
    return { series, failures: failuresOf('all loads', failed) };
  },
};

/** Combines the pings of several slices. */
function together(slices: readonly Pinged[]): Pinged {
  return {
    roundTripsUs: slices.flatMap(({ roundTripsUs }) => roundTripsUs),
    count: slices.reduce((sum, { count }) => sum + count, 0),
    seconds: slices.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}
