import type { Setup } from '../contestants/contestant.ts';
import { subject, type Comparable } from '../frame/against.ts';
import { Child } from '../frame/processes.ts';
import type { Runner } from '../frame/runner.ts';
import type { Medium } from '../sides/hub-and-leaves.ts';
import type { handlers as inMemorySide } from '../sides/in-memory.ts';
import { FarPair } from '../sides/far-pair.ts';
import { runWithinMs } from '../sides/one-process.ts';
import { Pair } from '../sides/pair.ts';
import type { handlers as routingSide } from '../sides/routing.ts';
import { Star } from '../sides/star.ts';
import { nameOf, wayOf, type Case } from './distance.ts';
import { textOfBytes } from './sizes.ts';

const small = 64;
const sizes = [small, 1024, 65_536];
const manyChannels = 8;
const manyPeers = 100;

/** The cases that `--against` compares: changes to the hot path must not slow them down. */
export const comparable: readonly Comparable[] = [
  ...sizes.map((bytes) => oneChannel(subject, bytes)),
  ...sizes.map((bytes) => oneChannel('rxmesh-operators', bytes)),
  {
    measure: 'channels',
    case: textOfBytes(small),
    contestant: subject,
    first: 64 * manyChannels,
    start: (sides) => startPair(subject, { bytes: small, channels: manyChannels }, sides),
  },
  {
    measure: 'channels',
    case: `${textOfBytes(small)}, memory`,
    contestant: subject,
    first: 1024,
    start: startChannelsInMemory,
  },
  toManyPeers('memory'),
  toManyPeers('WebSocket'),
  ...sizes.map((bytes) => inMemory(subject, bytes)),
  ...sizes.map((bytes) => inMemory('rxmesh-encrypted', bytes)),
  overDistance({ roundTripMs: 50, megabits: 10, bytes: 1024 }),
  overDistance({ roundTripMs: 50, megabits: 0, bytes: small }),
  overDistance({ roundTripMs: 50, megabits: 0, bytes: 65_536 }),
];

function oneChannel(contestant: string, bytes: number): Comparable {
  return {
    measure: 'throughput',
    case: textOfBytes(bytes),
    contestant,
    first: 64,
    start: (sides) => startPair(contestant, { bytes, channels: 1 }, sides),
  };
}

function toManyPeers(medium: Medium): Comparable {
  return {
    measure: 'broadcast',
    case: `${manyPeers} peers, ${medium}`,
    contestant: subject,
    first: 16 * manyPeers,
    start: (sides) => startStar(medium, sides),
  };
}

function inMemory(contestant: string, bytes: number): Comparable {
  return {
    measure: 'memory-transport',
    case: textOfBytes(bytes),
    contestant,
    first: 64,
    start: (sides) => startInMemory(contestant, bytes, sides),
  };
}

/**
 * Runs end when the last message arrives, so each round includes half a round trip in which nothing
 * arrives.
 */
function overDistance(one: Case): Comparable {
  return {
    measure: 'distance',
    case: nameOf(one),
    contestant: subject,
    first: 64,
    async start(sides) {
      const pair = await FarPair.start(wayOf(subject, one), sides);
      await endingIfFailed(pair, pair.dial());
      return pair;
    },
  };
}

async function startPair(contestant: string, setup: Setup, sides: URL): Promise<Runner> {
  const pair = await Pair.start(contestant, setup, sides);
  return {
    async run(wanted) {
      const { count, seconds, senderCpuUs, receiverCpuUs } = await pair.run(wanted);
      return { count, seconds, cpuUs: senderCpuUs + receiverCpuUs };
    },
    end: () => pair.end(),
  };
}

async function startInMemory(contestant: string, bytes: number, sides: URL): Promise<Runner> {
  const child = await Child.start<typeof inMemorySide>(new URL('in-memory.js', sides), contestant);
  await endingIfFailed(child, child.ask('connect', { name: contestant, bytes }));
  return { run: (count) => child.ask('run', count, runWithinMs), end: () => child.end() };
}

/** The `routing` side has several channels, and sends on each in turn. */
async function startChannelsInMemory(sides: URL): Promise<Runner> {
  const child = await Child.start<typeof routingSide>(new URL('routing.js', sides), subject);
  await endingIfFailed(child, child.ask('connect', { breadth: 'channels', count: manyChannels }));
  return {
    run: (count) => child.ask('run', { spread: 'one by one', count }, runWithinMs),
    end: () => child.end(),
  };
}

async function endingIfFailed(child: { end(): void }, connecting: Promise<void>): Promise<void> {
  try {
    await connecting;
  } catch (error) {
    child.end();
    throw error;
  }
}

/** Counts deliveries, that is, one message at one peer. */
async function startStar(medium: Medium, sides: URL): Promise<Runner> {
  const setup = { medium, peers: manyPeers, senders: 1, takesMs: 0 };
  const star = await Star.start(setup, sides);
  return {
    async run(deliveries) {
      const lap = await star.run(Math.ceil(deliveries / manyPeers), small);
      const count = lap.count * manyPeers;
      return { count, seconds: lap.seconds, cpuUs: lap.cpuUs / count };
    },
    end: () => star.end(),
  };
}
