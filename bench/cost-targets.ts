import type { Target } from './frame/verdicts.ts';

const cpu = 'CPU of both sides, µs/message';

/**
 * The most that a message may cost among 1,000 channels or peers, relative to its cost among one.
 */
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

/** Targets for opening and closing connections, for one level of concurrency. */
function connecting(of: string): readonly Target[] {
  const figure = { case: of, contestant: 'rxmesh', quantity: 'connections/s' };
  const common = { measure: 'connections', figure, sense: 'at least', bare: 'ws-proved' } as const;
  return [
    { ...common, what: `secured connections/s of \`rxmesh\`, ${of}`, bound: 400, unit: '/s' },
    {
      ...common,
      what: `connections/s of \`rxmesh\` ÷ \`libp2p\`, ${of}`,
      over: { ...figure, contestant: 'libp2p' },
      bound: 6,
      unit: '×',
    },
  ];
}

/**
 * Targets other than traffic over a network. A growth guard allows several times the growth that
 * its target does, because a shared machine cannot measure a bound this close to 1.
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
  growth('channels', 'one by one', 3),
  growth('channels', '64 at a time', 1.8),
  growth('channels', 'all to one'),
  growth('peers', '64 at a time', 3),
  growth('peers', 'all to one'),
  ...['one after the other', '16 at a time'].flatMap(connecting),
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
    bound: 56,
    guard: 96,
    unit: 'kB',
  },
];
