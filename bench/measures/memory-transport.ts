import { inMemoryContestants } from '../contestants/in-memory.ts';
import { seriesOf, type Measure } from '../frame/measure.ts';
import { Child } from '../frame/processes.ts';
import type { Runner } from '../frame/runner.ts';
import type { handlers } from '../sides/in-memory.ts';
import { raceInOneProcess, runWithinMs } from '../sides/one-process.ts';
import { failuresOf } from '../sides/race.ts';
import { contestantsText } from './contestants-text.ts';
import { textOfBytes } from './sizes.ts';

const bytes = 64;

/** Number of messages in the first warm-up run. */
const firstCount = 1000;

/** How fast two nodes in one process can exchange messages. */
export const memoryTransport: Measure = {
  name: 'memory-transport',
  title: 'Memory transport, both nodes in one process',
  about: [
    'Two nodes in one process, connected by the memory transport of each contestant; messages of 64 bytes, encoded ' +
      'and decoded, on one channel, in order and without loss. rxmesh sends with `pipeTo` and consumes with ' +
      'demand; js-libp2p has one stream and sends one by one.',
    ...contestantsText(inMemoryContestants),
  ].join('\n'),
  charted: 'messages/s',
  async run(effort) {
    const of = textOfBytes(bytes);
    const names = Object.keys(inMemoryContestants).filter((name) => effort.isWanted(of, name));
    const starts = new Map(names.map((name) => [name, () => start(name)]));
    const { figures, failed } = await raceInOneProcess(starts, firstCount, effort);
    const series = [...figures].flatMap(([contestant, runs]) =>
      seriesOf({ case: of, contestant }, runs, {
        'messages/s': ({ count, seconds }) => count / seconds,
        'CPU of both sides, µs/message': ({ cpuUs }) => cpuUs,
      }),
    );
    return { series, failures: failuresOf(of, failed) };
  },
};

async function start(name: string): Promise<Runner> {
  const module = new URL('../sides/in-memory.js', import.meta.url);
  const child = await Child.start<typeof handlers>(module, `${name} in memory`);
  await child.ask('connect', { name, bytes });
  return { run: (count) => child.ask('run', count, runWithinMs), end: () => child.end() };
}
