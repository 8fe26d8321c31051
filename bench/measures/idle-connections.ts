import { connectingContestants } from '../contestants/connecting.ts';
import { requireFiles } from '../frame/open-files.ts';
import { seriesOf, type Failure, type Measure, type Series } from '../frame/measure.ts';
import { alternate } from '../frame/rounds.ts';
import { ConnectionPair, type Footprints } from '../sides/connection-pair.ts';
import type { Footprint } from '../sides/footprint.ts';
import { failuresOf } from '../sides/race.ts';
import { contestantsText } from './contestants-text.ts';

/** All except `ws-proved`, whose idle connections hold the same as those of `ws`. */
const contestants = Object.fromEntries(
  Object.entries(connectingContestants).filter(([name]) => name !== 'ws-proved'),
);

/** Numbers of connections, and the contestants measured with each. */
const cases = [
  { count: 1000, names: Object.keys(contestants) },
  { count: 10_000, names: ['rxmesh', 'ws'] },
];

/** Connections made before the first footprint, so that shared code and data are already loaded. */
const warmUp = { count: 100, atATime: 16 };

/** The contestant that rxmesh's connections are built on. */
const bare = 'ws';

const charted = 'listening side, KiB reached';

const kib = 1024;

/** Memory that an idle connection holds. */
export const idleConnections: Measure = {
  name: 'idle-connections',
  title: 'Memory of a connection that is idle',
  about: [
    'What each of two processes takes more after so many connections were made between them than with the 100 ' +
      'before, divided by their number; both after a collection. "Reached" is the heap in use and the buffers that ' +
      'belong to it, "resident" all pages of the process. rxmesh listens as one router; what dials is a node a ' +
      'connection, so that its side counts a whole small node for each. "Beyond ws" is what is left when the ' +
      'bare WebSocket of the same round is taken off.',
    ...contestantsText(contestants),
  ].join('\n'),
  charted,
  lowerIsBetter: true,
  async run(effort) {
    const series: Series[] = [];
    const failures: Failure[] = [];
    for (const { count, names } of cases) {
      const of = `${count} connections`;
      // Every turn uses new processes, because a process does not return all memory to the system.
      const entrants = new Map(
        names
          .filter((name) => effort.isWanted(of, name))
          .map((name) => [name, () => measure(name, count)]),
      );
      if (entrants.size === 0) continue;
      effort.log(of);
      // One round is enough: footprints vary little.
      const { figures, failed } = await alternate(entrants, { ...effort, rounds: 1 });
      series.push(...seriesFor(of, figures));
      failures.push(...failuresOf(of, failed));
    }
    return { series, failures };
  },
};

/** Bytes per connection. */
async function measure(name: string, count: number): Promise<Footprints> {
  requireFiles(count);
  const pair = await ConnectionPair.start(name, warmUp.count + count);
  try {
    await pair.hold(warmUp);
    const before = await pair.footprints();
    await pair.hold({ count, atATime: warmUp.atATime });
    const after = await pair.footprints();
    const each = (side: keyof Footprints, what: keyof Footprint): number =>
      (after[side][what] - before[side][what]) / count;
    const footprintOf = (side: keyof Footprints): Footprint => ({
      reached: each(side, 'reached'),
      resident: each(side, 'resident'),
    });
    return { listener: footprintOf('listener'), dialer: footprintOf('dialer') };
  } finally {
    pair.end();
  }
}

/** Series in KiB per connection. */
function seriesFor(
  of: string,
  figures: ReadonlyMap<string, readonly Footprints[]>,
): readonly Series[] {
  const bareRounds = figures.get(bare) ?? [];
  return [...figures].flatMap(([contestant, rounds]) => {
    const name = { case: of, contestant };
    const all = seriesOf(name, rounds, {
      [charted]: ({ listener }) => listener.reached / kib,
      'listening side, KiB resident': ({ listener }) => listener.resident / kib,
      'dialing side, KiB reached': ({ dialer }) => dialer.reached / kib,
      'dialing side, KiB resident': ({ dialer }) => dialer.resident / kib,
    });
    if (contestant === bare || bareRounds.length < rounds.length) return all;
    const beyond = rounds.map(({ listener }, round) => ({
      reached: listener.reached - (bareRounds[round]?.listener.reached ?? NaN),
      resident: listener.resident - (bareRounds[round]?.listener.resident ?? NaN),
    }));
    return [
      ...all,
      ...seriesOf(name, beyond, {
        'listening side, KiB reached beyond ws': ({ reached }) => reached / kib,
        'listening side, KiB resident beyond ws': ({ resident }) => resident / kib,
      }),
    ];
  });
}
