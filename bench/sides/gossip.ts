/** A network of gossip in one process: what it delivers, and what that costs. */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { bodyFor, decode, encode } from '../contestants/item.ts';
import { deferred } from '../frame/deferred.ts';
import type { GossipContestant, Publish } from '../gossips/contestant.ts';
import { linksAmong, type Shape } from '../gossips/links.ts';
import { watchWire, wireBytes } from '../gossips/wire.ts';

/** Contestants, each loaded only where it runs. */
const contestants: Readonly<Record<string, () => Promise<GossipContestant>>> = {
  rxmesh: async () => (await import('../gossips/rxmesh.ts')).rxmesh,
  'rxmesh over libp2p': async () => (await import('../gossips/rxmesh.ts')).rxmeshLibp2p,
  gossipsub: async () => (await import('../gossips/gossipsub.ts')).gossipsub,
};

/** The names of the contestants. */
export const names: readonly string[] = Object.keys(contestants);

/** What a network carries. */
export interface GossipOrder {
  readonly contestant: string;
  readonly subscribers: number;
  readonly shape: Shape;
  /** The length of an encoded item. */
  readonly bytes: number;
  readonly signed: boolean;
  /** How many messages may be on their way at a time. */
  readonly window: number;
}

/** What it has carried in a round. */
export interface GossipLap {
  readonly deliveries: number;
  readonly seconds: number;
  /** Processor time of this process. */
  readonly cpuUs: number;
  /** What the sockets have written. */
  readonly wireBytes: number;
}

/** How long the last messages of a round may take. */
const graceMs = 100_000;

/** Messages with higher numbers find out whether all links are up. They do not count. */
const firstProbe = 2 ** 31;
const probeEveryMs = 250;
const probesMax = 200;

/** The subscribers that a probe has reached. */
const reached = new Set<number>();
let publish: Publish | undefined;
let order: GossipOrder | undefined;
let body: Uint8Array = new Uint8Array(0);
let seq = 0;
let deliveries = 0;
/** How many subscribers have yet to get each message that is on its way. */
const missing = new Map<number, number>();
let isRunning = false;
/** Whether more will be published in this turn of the event loop. */
let isDue = false;
/** Resolves to the time when the last message of a round has reached everyone. */
let done = deferred<number>();

/** A subscriber has got an item. */
function take(node: number, item: Uint8Array): void {
  const { seq: number } = decode(item);
  if (number >= firstProbe) {
    reached.add(node);
    return;
  }
  const left = (missing.get(number) ?? 0) - 1;
  if (left < 0) done.reject(new Error(`message ${number} came too often`));
  deliveries += 1;
  if (left > 0) {
    missing.set(number, left);
    return;
  }
  missing.delete(number);
  if (isRunning) publishSoon();
  else if (missing.size === 0) done.resolve(performance.now());
}

/** As other work of a program would, once in a turn of the event loop. */
function publishSoon(): void {
  if (isDue) return;
  isDue = true;
  setImmediate(() => {
    isDue = false;
    if (isRunning) publishMore();
    else if (missing.size === 0) done.resolve(performance.now());
  });
}

function publishMore(): void {
  if (order === undefined) return;
  const { subscribers, window } = order;
  while (missing.size < window) {
    missing.set(seq, subscribers);
    publish?.(encode({ seq, body }));
    seq += 1;
  }
}

/** Requests that a network handles. */
export const handlers = {
  /** Starts the network, and waits until a first message reaches everyone. */
  async start(given: GossipOrder): Promise<void> {
    watchWire();
    const contestant = await contestants[given.contestant]?.();
    if (contestant === undefined) throw new RangeError(`there is no ${given.contestant}`);
    order = given;
    body = bodyFor(given.bytes);
    const links = linksAmong(given.subscribers + 1, given.shape);
    publish = await contestant.start({ links, signed: given.signed }, take);
    for (let probe = firstProbe; reached.size < given.subscribers; probe += 1) {
      publish(encode({ seq: probe, body }));
      await wait(probeEveryMs);
      if (probe - firstProbe > probesMax) throw new Error(`${reached.size} are reached, not all`);
    }
    // gossipsub makes its meshes once a second.
    await wait(3_000);
  },

  /** Publishes for a time, and waits until everyone has everything. */
  async run(ms: number): Promise<GossipLap> {
    done = deferred();
    const [cpuBefore, wireBefore, before] = [process.cpuUsage(), wireBytes(), deliveries];
    const startedMs = performance.now();
    isRunning = true;
    publishMore();
    await wait(ms);
    isRunning = false;
    if (missing.size === 0) done.resolve(performance.now());
    const late = setTimeout(() => {
      done.reject(new Error(`${missing.size} messages have not reached everyone`));
    }, graceMs);
    const endedMs = await done.promise;
    clearTimeout(late);
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      deliveries: deliveries - before,
      seconds: (endedMs - startedMs) / 1000,
      cpuUs: user + system,
      wireBytes: wireBytes() - wireBefore,
    };
  },
};
