import {
  seriesOf,
  type Effort,
  type Failure,
  type Measure,
  type Series,
} from '../frame/measure.ts';
import { alternate, calibrate, reasonOf, type Rounds } from '../frame/rounds.ts';
import type { Medium } from '../sides/hub-and-leaves.ts';
import { failuresOf } from '../sides/race.ts';
import { Star, type StarLap } from '../sides/star.ts';

const bytes = 64;
const stars: readonly { readonly peers: number; readonly medium: Medium }[] = [
  { peers: 8, medium: 'memory' },
  { peers: 100, medium: 'memory' },
  { peers: 1000, medium: 'memory' },
  { peers: 8, medium: 'WebSocket' },
];

/** How fast one node delivers to many. */
export const broadcast: Measure = {
  name: 'broadcast',
  title: 'Broadcast of 64 B to many peers',
  about:
    'One node broadcasts with `pipeTo`; each of its peers is a node with a router of its own, which decodes ' +
    'each message. A delivery is one message at one of them. Over the memory transport all of them share ' +
    'one process; over WebSocket (encrypted) the eight peers are in a second one. Lanes block: nothing is lost.',
  charted: 'deliveries/s',
  async run(effort) {
    const series: Series[] = [];
    const failures: Failure[] = [];
    for (const { peers, medium } of stars) {
      const of = `${peers.toLocaleString('en')} peers, ${medium}`;
      if (!effort.isWanted(of, 'rxmesh')) continue;
      effort.log(of);
      const { figures, failed } = await lapsOf(peers, medium, effort);
      failures.push(...failuresOf(of, failed));
      for (const [contestant, laps] of figures) {
        series.push(
          ...seriesOf({ case: of, contestant }, laps, {
            'deliveries/s': ({ count, seconds }) => (count * peers) / seconds,
            'messages/s': ({ count, seconds }) => count / seconds,
            'encodes/message': ({ count, encodes }) => encodes / count,
            'CPU of the process, µs/delivery': ({ count, cpuUs }) => cpuUs / count / peers,
          }),
        );
      }
    }
    return { series, failures };
  },
};

async function lapsOf(peers: number, medium: Medium, effort: Effort): Promise<Rounds<StarLap>> {
  let star: Star | undefined;
  try {
    const started = await Star.start({ medium, peers, senders: 1, takesMs: 0 });
    star = started;
    const count = await calibrate((n) => started.run(n, bytes), 16, effort.roundMs);
    const entrants = new Map([['rxmesh', () => started.run(count, bytes)]]);
    return await alternate(entrants, effort);
  } catch (error) {
    return { figures: new Map(), failed: new Map([['rxmesh', reasonOf(error)]]) };
  } finally {
    star?.end();
  }
}
