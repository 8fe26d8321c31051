import { entries } from '../contestants/index.ts';
import { seriesOf, type Measure, type Series } from '../frame/measure.ts';
import { percentileOf } from '../frame/statistics.ts';
import { failuresOf, race } from '../sides/race.ts';
import type { Pinged } from '../sides/load.ts';

/** Other messages meanwhile, as a share of what the contestant carried at most in its warm-up, by case. */
const loads: Readonly<Record<string, number>> = {
  alone: 0,
  '1 % load': 0.01,
  '50 % load': 0.5,
  '90 % load': 0.9,
};

/**
 * A round is made of so many slices, and contestants alternate slice by slice: what the machine does besides
 * comes and goes within a second, and a round of one contestant alone would have it and the next one not.
 */
const slicesPerRound = 2;

/** Pauses are long enough for both sides to fall asleep, as they do between messages that are alone. */
const always = { settleMs: 100, pauseUs: [1000, 4000] } as const;

/** One ping after the other before anything is measured: what is alone on its way has code of its own. */
const warmUp = { perSecond: 0, durationMs: 3000, settleMs: 0, pauseUs: [0, 0] } as const;

/** How long a lone message is on its way, to and fro. */
export const roundTrip: Measure = {
  name: 'round-trip',
  title: 'Round trip of a lone message of 64 B',
  about:
    'One message at a time goes to the receiver and comes back, on a channel of its own where there are ' +
    'channels, alone, or while other messages of 64 B go the same way: 1 %, 50 % or 90 % of what this contestant ' +
    'carried at most in the warm-up. They are sent every millisecond, as many as are due. A round trip counts from ' +
    'when the message was due, so that a sender that is busy is not excused. Pings come at random, 1 to 4 ms after ' +
    `the answer to the one before, after ${warmUp.durationMs / 1000} s of one ping after the other. Percentiles are ` +
    `those of a round, which is made of ${slicesPerRound} slices, the first ${always.settleMs} ms of each apart; ` +
    'contestants alternate slice by slice.',
  charted: 'p50, µs',
  lowerIsBetter: true,
  async run(effort) {
    const cases = Object.keys(loads);
    const names = entries
      .map(({ name }) => name)
      // One message in a batch is what `ws` and `socket` send, and pings do not pass the operators.
      .filter((name) => !['ws-batches', 'parts', 'rxmesh-operators'].includes(name))
      .filter((name) => cases.some((of) => effort.isWanted(of, name)));
    const { roundMs, rounds } = effort;
    const { figures, failed } = await race(
      names,
      { bytes: 64, channels: 1 },
      { ...effort, rounds: rounds * slicesPerRound },
      async (pair, count) => {
        await pair.ping(warmUp);
        const mostPerSecond = (count / roundMs) * 1000;
        // Of each case, so a round takes several times as long as one of other measures.
        const durationMs = roundMs / 2;
        return async () => {
          const pinged: Pinged[] = [];
          for (const share of Object.values(loads)) {
            pinged.push(
              await pair.ping({ ...always, perSecond: mostPerSecond * share, durationMs }),
            );
          }
          return pinged;
        };
      },
    );
    const series: Series[] = [];
    cases.forEach((of, i) => {
      for (const [contestant, slices] of figures) {
        const inRounds = roundsOf(slices.flatMap((slice) => slice[i] ?? []));
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

/** Puts the slices of each round together. */
function roundsOf(slices: readonly Pinged[]): readonly Pinged[] {
  const rounds: Pinged[] = [];
  for (let from = 0; from < slices.length; from += slicesPerRound) {
    const round = slices.slice(from, from + slicesPerRound);
    rounds.push({
      roundTripsUs: round.flatMap(({ roundTripsUs }) => roundTripsUs),
      count: round.reduce((sum, { count }) => sum + count, 0),
      seconds: round.reduce((sum, { seconds }) => sum + seconds, 0),
    });
  }
  return rounds;
}
