import { entriesHere } from '../contestants/index.ts';
import {
  seriesOf,
  type Effort,
  type Failure,
  type Findings,
  type Measure,
  type Series,
} from '../frame/measure.ts';
import { failuresOf, race, sending } from '../sides/race.ts';
import { sizes, textOfBytes } from './sizes.ts';

/** Throughput from one process to another on one channel. */
export const throughput: Measure = {
  name: 'throughput',
  title: 'Throughput, one channel',
  about:
    'One sender and one receiver, in processes of their own, on loopback; the time runs from the first ' +
    'send until the last message has arrived. Nothing is lost, and all arrive in order.',
  charted: 'messages/s',
  run: (effort) => {
    const names = entriesHere().map(({ name }) => name);
    return measureSizes(names, 1, effort);
  },
};

/** Measures contestants with messages of each size. */
export async function measureSizes(
  names: readonly string[],
  channels: number,
  effort: Effort,
): Promise<Findings> {
  const series: Series[] = [];
  const failures: Failure[] = [];
  for (const bytes of sizes) {
    const of = textOfBytes(bytes);
    const entrants = names.filter((name) => effort.isWanted(of, name));
    if (entrants.length === 0) continue;
    effort.log(of);
    const { figures, failed } = await race(entrants, { bytes, channels }, effort, sending);
    for (const [contestant, laps] of figures) {
      series.push(
        ...seriesOf({ case: of, contestant }, laps, {
          'messages/s': ({ count, seconds }) => count / seconds,
          'MB/s': ({ count, seconds }) => (count * bytes) / seconds / 1e6,
          'sender CPU, µs/message': ({ senderCpuUs }) => senderCpuUs,
          'receiver CPU, µs/message': ({ receiverCpuUs }) => receiverCpuUs,
          'CPU of both sides, µs/message': (lap) => lap.senderCpuUs + lap.receiverCpuUs,
        }),
      );
    }
    failures.push(...failuresOf(of, failed));
  }
  return { series, failures };
}
