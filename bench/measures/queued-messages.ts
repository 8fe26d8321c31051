import type { Failure, Measure, Series } from '../frame/measure.ts';
import { Child } from '../frame/processes.ts';
import { alternate } from '../frame/rounds.ts';
import type { handlers, Place } from '../sides/queue.ts';
import { failuresOf } from '../sides/race.ts';
import { textOfBytes } from './sizes.ts';

/** Message sizes, and how many messages wait. */
const cases = [
  { bytes: 64, count: 500_000 },
  { bytes: 1024, count: 100_000 },
];

/** Where messages wait, by contestant. */
const places: Readonly<Record<string, Place>> = {
  'rxmesh lane': 'lane',
  'rxmesh inbox': 'inbox',
  array: 'array',
};

/** Messages already queued at the first footprint, so that the code is warm. */
const warmUp = 10_000;

/** Footprints vary little, so two rounds are enough. */
const roundsMax = 2;

/** Memory that a waiting message holds. */
export const queuedMessages: Measure = {
  name: 'queued-messages',
  title: 'Memory of a message that waits',
  about:
    'rxmesh alone, two nodes in one process. Messages wait in the lane to a peer that gives no credit (`rxmesh lane`), or ' +
    'in the inbox of a channel that nobody consumes (`rxmesh inbox`). What the heap and its buffers grow by, after a ' +
    'collection, divided by their number. `array` is for comparison: an array of what protobufjs returns.',
  charted: 'bytes/message',
  lowerIsBetter: true,
  async run(effort) {
    const series: Series[] = [];
    const failures: Failure[] = [];
    for (const { bytes, count } of cases) {
      const of = textOfBytes(bytes);
      const entrants = new Map(
        Object.entries(places)
          .filter(([name]) => effort.isWanted(of, name))
          .map(([name, place]) => [name, () => measure(place, bytes, count)]),
      );
      if (entrants.size === 0) continue;
      effort.log(of);
      const { figures, failed } = await alternate(entrants, {
        ...effort,
        rounds: Math.min(effort.rounds, roundsMax),
      });
      for (const [contestant, each] of figures) {
        series.push({ case: of, contestant, quantity: 'bytes/message', rounds: each });
      }
      failures.push(...failuresOf(of, failed));
    }
    return { series, failures };
  },
};

/** Bytes per message. */
async function measure(place: Place, bytes: number, count: number): Promise<number> {
  const module = new URL('../sides/queue.js', import.meta.url);
  const child = await Child.start<typeof handlers>(module, `messages in ${place}`, ['--expose-gc']);
  try {
    await child.ask('prepare', { place, bytes });
    await child.ask('fill', warmUp);
    const before = await child.ask('footprint', undefined);
    await child.ask('fill', count);
    const after = await child.ask('footprint', undefined);
    return (after.reached - before.reached) / count;
  } finally {
    child.end();
  }
}
