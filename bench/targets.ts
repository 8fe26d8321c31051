import { costTargets } from './cost-targets.ts';
import { cometTargets } from './comet-targets.ts';
import { distanceTargets } from './distance-targets.ts';
import type { Target } from './frame/verdicts.ts';

/** A figure of the measure `throughput`. */
function carried(of: string, contestant: string, quantity = 'messages/s') {
  return { case: of, contestant, quantity };
}

/** The rate of rxmesh relative to another contestant. */
function times(of: string, contestant: string, bound: number, guard?: number): Target {
  return {
    what: `${of}: messages/s of \`rxmesh\` ÷ \`${contestant}\``,
    measure: 'throughput',
    figure: carried(of, 'rxmesh'),
    over: carried(of, contestant),
    sense: 'at least',
    bound,
    unit: '×',
    ...(guard === undefined ? {} : { guard }),
    bare: 'parts',
  };
}

function trip(of: string, contestant: string, quantity: string) {
  return { case: of, contestant, quantity };
}

/**
 * The targets of rxmesh. Here a guard is half its bound, because a shared machine cannot measure
 * more precisely.
 */
export const targets: readonly Target[] = [
  times('64 B', 'libp2p', 35, 17.5),
  times('64 B', 'secret-stream', 12),
  times('64 B', 'rsocket', 8),
  times('64 B', 'ws-batches', 0.15, 0.075),
  times('1 KiB', 'libp2p', 12, 6),
  times('1 KiB', 'socket', 0.5, 0.25),
  times('64 KiB', 'socket', 0.8, 0.4),
  times('512 KiB', 'socket', 0.8),
  {
    what: 'round trip of a message that is alone: p50 of `rxmesh` ÷ `ws`',
    measure: 'round-trip',
    figure: trip('alone', 'rxmesh', 'p50, µs'),
    over: trip('alone', 'ws', 'p50, µs'),
    sense: 'at most',
    bound: 1.6,
    unit: '×',
    bare: 'socket',
  },
  {
    what: 'round trip at 50 % load: p99 ÷ p50 of `rxmesh`',
    measure: 'round-trip',
    figure: trip('50 % load', 'rxmesh', 'p99, µs'),
    over: trip('50 % load', 'rxmesh', 'p50, µs'),
    sense: 'at most',
    bound: 3,
    unit: '×',
    bare: 'ws',
  },
  {
    what: 'broadcast of 64 B to 100 peers, memory',
    measure: 'broadcast',
    figure: { case: '100 peers, memory', contestant: 'rxmesh', quantity: 'deliveries/s' },
    sense: 'at least',
    bound: 2_000_000,
    unit: 'deliveries/s',
  },
  {
    what: 'broadcast to 100 peers: encodes a message',
    measure: 'broadcast',
    figure: { case: '100 peers, memory', contestant: 'rxmesh', quantity: 'encodes/message' },
    sense: 'at most',
    bound: 1,
    unit: 'a message',
  },
  ...cometTargets,
  ...distanceTargets,
  ...costTargets,
];
