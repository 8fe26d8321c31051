import { entries } from '../contestants/index.ts';
import { seriesOf, type Measure, type Series } from '../frame/measure.ts';
import { percentileOf } from '../frame/statistics.ts';
import { failuresOf, race } from '../sides/race.ts';
import type { Pinged } from '../sides/load.ts';

const loads = [0.01, 0.5, 0.9];

function caseOf(load: number): string {
  return `${load * 100} % load`;
}

/** How long a lone message is on its way, to and fro. */
export const roundTrip: Measure = {
  name: 'round-trip',
  title: 'Round trip of a lone message of 64 B',
  about:
    'One message at a time goes to the receiver and comes back, on a channel of its own where there are ' +
    'channels, while other messages of 64 B go the same way: 1 %, 50 % or 90 % of what this contestant carried ' +
    'at most in the warm-up. They are sent every 200 µs, as many as are due. A round trip counts from when the ' +
    'message was due, so that a sender that is busy is not excused. Pings come at random, about one a ' +
    'millisecond; percentiles are those of a round.',
  charted: 'p50, µs',
  lowerIsBetter: true,
  async run(effort) {
    const names = entries
      .map(({ name }) => name)
      // They would send one message in a batch, as `ws` does, and pings do not pass the operators.
      .filter((name) => name !== 'ws-batches' && name !== 'rxmesh-operators')
      .filter((name) => loads.some((load) => effort.isWanted(caseOf(load), name)));
    const { figures, failed } = await race(
      names,
      { bytes: 64, channels: 1 },
      effort,
      (pair, count) => async () => {
        const perSecond = (count / effort.roundMs) * 1000;
        const pinged: Pinged[] = [];
        for (const load of loads) pinged.push(await pair.ping(perSecond * load, effort.roundMs));
        return pinged;
      },
    );
    const series: Series[] = [];
    loads.forEach((load, i) => {
      for (const [contestant, rounds] of figures) {
        const pinged = rounds.flatMap((round) => round[i] ?? []);
        series.push(
          ...seriesOf({ case: caseOf(load), contestant }, pinged, {
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
