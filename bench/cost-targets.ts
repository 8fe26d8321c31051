import type { Target } from './frame/verdicts.ts';

const cpu = 'CPU of both sides, µs/message';

/** What a message among 1,000 may cost, as a multiple of what it costs alone. */
function growth(breadth: 'channels' | 'peers', spread: string, guard?: number): Target {
  const of = `${breadth} ${spread}`;
  return {
    what: `routing, ${breadth}, ${spread}: CPU a message among 1,000 ÷ among 1`,
    measure: 'routing',
    figure: { case: of, contestant: 'rxmesh among 1000', quantity: cpu },
    over: { case: of, contestant: 'rxmesh among 1', quantity: cpu },
    sense: 'at most',
    bound: 1.2,
    unit: '×',
    ...(guard === undefined ? {} : { guard }),
  };
}

const inMemory = { case: '64 B', quantity: 'messages/s' };
const inTurn = { case: 'one after the other', quantity: 'connections/s' };

/**
 * What rxmesh is to reach apart from traffic over a network. The guard of a growth allows some times as much of
 * it, since half of a bound that is near 1 would be nothing that a shared machine can measure.
 */
export const costTargets: readonly Target[] = [
  {
    what: 'memory transport, 64 B: messages/s of `rxmesh`',
    measure: 'memory-transport',
    figure: { ...inMemory, contestant: 'rxmesh' },
    sense: 'at least',
    bound: 1_000_000,
    unit: '/s',
  },
  {
    what: 'memory transport, 64 B: messages/s of `rxmesh` ÷ `libp2p`',
    measure: 'memory-transport',
    figure: { ...inMemory, contestant: 'rxmesh' },
    over: { ...inMemory, contestant: 'libp2p' },
    sense: 'at least',
    bound: 40,
    unit: '×',
    guard: 20,
  },
  growth('channels', 'one by one', 4),
  growth('channels', '64 at a time', 1.8),
  growth('channels', 'all to one'),
  growth('peers', '64 at a time', 1.8),
  growth('peers', 'all to one'),
  {
    what: 'secured connections/s of `rxmesh`, one after the other',
    measure: 'connections',
    figure: { ...inTurn, contestant: 'rxmesh' },
    sense: 'at least',
    bound: 400,
    unit: '/s',
  },
  {
    what: 'connections/s of `rxmesh` ÷ `libp2p`, one after the other',
    measure: 'connections',
    figure: { ...inTurn, contestant: 'rxmesh' },
    over: { ...inTurn, contestant: 'libp2p' },
    sense: 'at least',
    bound: 6,
    unit: '×',
  },
  {
    what: 'memory of an idle connection at the listening router, beyond that of `ws`',
    measure: 'idle-connections',
    figure: {
      case: '1000 connections',
      contestant: 'rxmesh',
      quantity: 'listening side, KiB reached beyond ws',
    },
    sense: 'at most',
    bound: 20,
    unit: 'KiB',
  },
  {
    what: 'bundle of `rxmesh` and its WebSocket, gzip, without rxjs and protobufjs',
    measure: 'bundle-size',
    figure: { case: 'rxmesh and its WebSocket', contestant: 'rxmesh', quantity: 'gzip, kB' },
    sense: 'at most',
    bound: 45,
    unit: 'kB',
  },
];
