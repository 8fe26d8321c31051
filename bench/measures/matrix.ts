import type { Effort, Failure, Measure, Series } from '../frame/measure.ts';
import { reasonOf } from '../frame/rounds.ts';
import { Star } from '../sides/star.ts';
import { textOfBytes } from './sizes.ts';

const sizes = [1024, 8192, 65_536, 524_288];
const sendersOf = [1, 8, 16];
const takes = [0, 20];

/** How much to send. */
interface Scale {
  readonly timeframeMs: number;
  readonly drainBytes: number;
}

const scaled: Scale = { timeframeMs: 500, drainBytes: 2 ** 24 };
const full: Scale = { timeframeMs: 10_000, drainBytes: 2 ** 30 };

/** A drain at full size can take this long. */
const drainWithinMs = 1_800_000;

const scenarios = {
  'send-timeframe': { peers: 1, isTimed: true },
  'send-drain': { peers: 1, isTimed: false },
  'broadcast-drain': { peers: 8, isTimed: false },
} as const;

/** The cases measured with one star, which differ only in message size. */
interface Column {
  readonly name: keyof typeof scenarios;
  readonly senders: number;
  readonly takesMs: number;
}

/** The matrix that CometBFT uses to compare its two networks. */
export const matrix: Measure = {
  name: 'matrix',
  title: "CometBFT's matrix",
  about:
    'The cases by which CometBFT compares its two networks, over WebSocket, encrypted, without loss: 1, 8 and 16 ' +
    'producers send at a time, on one channel; the receiver takes a message at once, or takes 20 ms for each. ' +
    '`send-timeframe`: what arrives in 10 s. `send-drain`: 1 GiB, until all has arrived. `broadcast-drain`: the ' +
    'same to 8 peers, counted once for each. `npm run bench -- matrix --full` does that; without `--full` it is ' +
    '0.5 s, and 16 MiB. Receivers that take 20 ms get as many messages as fit into the timeframe. There is one ' +
    'round of each.',
  charted: 'MB/s',
  async run(effort) {
    const series: Series[] = [];
    const failures: Failure[] = [];
    for (const name of Object.keys(scenarios) as (keyof typeof scenarios)[]) {
      for (const takesMs of takes) {
        effort.log(`${name}, ${takesMs} ms`);
        for (const senders of sendersOf) {
          await measureColumn({ name, senders, takesMs }, effort, series, failures);
        }
      }
    }
    return { series: inOrder(series), failures };
  },
};

function caseOf({ name, takesMs }: Column, bytes: number): string {
  return `${name}, ${textOfBytes(bytes)}, takes ${takesMs} ms`;
}

/** Measures all sizes, and adds the results to `series` and `failures`. */
async function measureColumn(
  column: Column,
  effort: Effort,
  series: Series[],
  failures: Failure[],
): Promise<void> {
  const { name, senders, takesMs } = column;
  const { peers } = scenarios[name];
  const contestant = `rxmesh, ${senders} ${senders === 1 ? 'sender' : 'senders'}`;
  let star: Star | undefined;
  try {
    for (const bytes of sizes) {
      const of = caseOf(column, bytes);
      if (!effort.isWanted(of, contestant)) continue;
      try {
        star ??= await Star.start({ medium: 'WebSocket', peers, senders, takesMs });
        effort.beforeTurn();
        const perSecond = await rateOf(star, column, bytes, effort.full ? full : scaled);
        const rounds = [perSecond];
        series.push({ case: of, contestant, quantity: 'messages/s', rounds });
        if (takesMs === 0) {
          const megabytes = rounds.map((rate) => (rate * bytes) / 1e6);
          series.push({ case: of, contestant, quantity: 'MB/s', rounds: megabytes });
        }
      } catch (error) {
        failures.push({ case: of, contestant, reason: reasonOf(error) });
        star?.end();
        star = undefined;
      }
      // Do not wait for a slow receiver to take the rest: that could take hours.
      if (takesMs > 0) {
        star?.end();
        star = undefined;
      }
    }
  } finally {
    star?.end();
  }
}

/** Messages per second, summed over all leaves. */
async function rateOf(star: Star, column: Column, bytes: number, scale: Scale): Promise<number> {
  const { name, takesMs } = column;
  const { peers, isTimed } = scenarios[name];
  const { timeframeMs, drainBytes } = scale;
  if (isTimed) {
    const came = await star.runFor(timeframeMs, bytes, takesMs === 0);
    return (came / timeframeMs) * 1000;
  }
  const all = Math.ceil(drainBytes / bytes);
  const count = takesMs === 0 ? all : Math.min(all, timeframeMs / takesMs);
  const { count: sent, seconds } = await star.run(count, bytes, drainWithinMs);
  return (sent * peers) / seconds;
}

/** Groups series by case, with all numbers of senders side by side. */
function inOrder(series: readonly Series[]): readonly Series[] {
  const cases = [...new Set(series.map((one) => one.case))];
  return cases.flatMap((of) => series.filter((one) => one.case === of));
}
