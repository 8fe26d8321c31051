import { connectingContestants } from '../contestants/connecting.ts';
import {
  seriesOf,
  type Effort,
  type Failure,
  type Findings,
  type Measure,
} from '../frame/measure.ts';
import { alternateSlices, joined, reasonOf, slicesPerRound } from '../frame/rounds.ts';
import { ConnectionPair, type Cycles } from '../sides/connection-pair.ts';
import { contestantsText } from './contestants-text.ts';

/** Concurrent connection attempts, by case. */
const cases: Readonly<Record<string, number>> = { 'one after the other': 1, '16 at a time': 16 };

/**
 * Number of nodes on the dialing side, high enough that a node does not reconnect right after it
 * left.
 */
const nodes = 256;

/**
 * The warm-up, repeated for `warmUpMs`: V8 needs a thousand or two connections to optimize the
 * code.
 */
const warmUp = { count: 64, atATime: 16 };
const warmUpMs = 5000;

/** How fast connections can be opened and closed. */
export const connections: Measure = {
  name: 'connections',
  title: 'Connections that come and go',
  about: [
    'Two processes on loopback. A connection is dialed, both sides prove who they are, it is up on both, and it is ' +
      'closed in good order by the side that has dialed; then comes the next one. Contestants take turns slice by ' +
      'slice, five to a round.',
    ...contestantsText(connectingContestants),
  ].join('\n'),
  charted: 'connections/s',
  async run(effort) {
    const pairs: ConnectionPair[] = [];
    const entrants: Entrant[] = [];
    const failures: Failure[] = [];
    try {
      for (const contestant of Object.keys(connectingContestants)) {
        const wanted = Object.keys(cases).filter((of) => effort.isWanted(of, contestant));
        if (wanted.length === 0) continue;
        effort.log(contestant);
        try {
          const pair = await ConnectionPair.start(contestant, nodes);
          pairs.push(pair);
          for (let ms = 0; ms < warmUpMs;) ms += (await pair.cycle(warmUp)).seconds * 1000;
          for (const of of wanted) entrants.push(await entrantOf(of, contestant, pair, effort));
        } catch (error) {
          const reason = reasonOf(error);
          failures.push(...wanted.map((of) => ({ case: of, contestant, reason })));
        }
      }
      const found = await race(entrants, effort);
      return { series: found.series, failures: [...failures, ...found.failures] };
    } finally {
      for (const pair of pairs) pair.end();
    }
  },
};

/** A contestant in a case, after its warm-up. */
interface Entrant {
  readonly of: string;
  readonly contestant: string;
  run(): Promise<Cycles>;
}

async function entrantOf(
  of: string,
  contestant: string,
  pair: ConnectionPair,
  { roundMs }: Effort,
): Promise<Entrant> {
  const atATime = cases[of] ?? 1;
  const count = await pair.calibrate(atATime, roundMs / slicesPerRound);
  return { of, contestant, run: () => pair.cycle({ count, atATime }) };
}

async function race(entrants: readonly Entrant[], effort: Effort): Promise<Findings> {
  const nameOf = ({ of, contestant }: Entrant): string => `${contestant}, ${of}`;
  const { figures, failed } = await alternateSlices<Cycles>(
    new Map(entrants.map((entrant) => [nameOf(entrant), () => entrant.run()])),
    effort,
    { slices: slicesPerRound, join: joined },
  );
  const inOrder = entrants.toSorted((one, other) => (cases[one.of] ?? 0) - (cases[other.of] ?? 0));
  return {
    series: inOrder.flatMap((entrant) =>
      seriesOf(
        { case: entrant.of, contestant: entrant.contestant },
        figures.get(nameOf(entrant)) ?? [],
        {
          'connections/s': ({ count, seconds }) => count / seconds,
          'dialer CPU, µs/connection': ({ dialerCpuUs }) => dialerCpuUs,
          'listener CPU, µs/connection': ({ listenerCpuUs }) => listenerCpuUs,
        },
      ).filter(({ rounds: figure }) => figure.length > 0),
    ),
    failures: entrants.flatMap((entrant) => {
      const reason = failed.get(nameOf(entrant));
      const { of, contestant } = entrant;
      return reason === undefined ? [] : [{ case: of, contestant, reason }];
    }),
  };
}
