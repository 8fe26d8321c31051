import { entries } from '../contestants/index.ts';
import type { Effort, Failure, Findings, Measure, Series } from '../frame/measure.ts';
import { failuresOf, race } from '../sides/race.ts';
import type { Lap } from '../sides/pair.ts';
import { sizes, textOfBytes } from './sizes.ts';

/** What one process can send to another, on one channel. */
export const throughput: Measure = {
  name: 'throughput',
  title: 'Throughput, one channel',
  about:
    'One sender and one receiver, in processes of their own, on loopback; the time runs from the first ' +
    'send until the last message has arrived. Nothing is lost, and all arrive in order.',
  charted: 'messages/s',
  run: (effort) =>
    measureSizes(
      entries.map(({ name }) => name),
      1,
      effort,
    ),
};

/** Races contestants with messages of each size. */
export async function measureSizes(
  names: readonly string[],
  channels: number,
  effort: Effort,
  bytesOf: readonly number[] = sizes,
): Promise<Findings> {
  const series: Series[] = [];
  const failures: Failure[] = [];
  for (const bytes of bytesOf) {
    const of = textOfBytes(bytes);
    effort.log(of);
    const { figures, failed } = await race(names, { bytes, channels }, effort);
    for (const [name, laps] of figures) series.push(...seriesOf(of, name, bytes, laps));
    failures.push(...failuresOf(of, failed));
  }
  return { series, failures };
}

function seriesOf(
  of: string,
  contestant: string,
  bytes: number,
  laps: readonly Lap[],
): readonly Series[] {
  const quantities: Record<string, (lap: Lap) => number> = {
    'messages/s': ({ count, seconds }) => count / seconds,
    'MB/s': ({ count, seconds }) => (count * bytes) / seconds / 1e6,
    'sender CPU, µs/message': ({ senderCpuUs }) => senderCpuUs,
    'receiver CPU, µs/message': ({ receiverCpuUs }) => receiverCpuUs,
  };
  return Object.entries(quantities).map(([quantity, figure]) => ({
    case: of,
    contestant,
    quantity,
    rounds: laps.map(figure),
  }));
}
