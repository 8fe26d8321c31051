/**
 * One node, the hub, sends to the other nodes, the leaves. All run in one process, or the leaves in
 * a second one. Several producers may send concurrently on one channel, as in a program with many
 * independent parts.
 */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { filter, firstValueFrom, lastValueFrom, map, take, timer } from 'rxjs';
import {
  block,
  createRouter,
  Identity,
  protobuf,
  type Channel,
  type Codec,
  type OutboundEnvelope,
  type Router,
} from 'rxmesh';
import { boundedMergeMap, pipeTo } from 'rxmesh/operators';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { webSocket } from 'rxmesh/transports/websocket';
import { bodyFor, Item } from '../contestants/item.ts';
import { deferred } from '../frame/deferred.ts';
import { nowUs } from './now.ts';

/** How hub and leaves are connected. */
export type Medium = 'memory' | 'WebSocket';

/** The setup of hub and leaves. */
export interface StarSetup {
  readonly medium: Medium;
  /** Number of leaves. */
  readonly peers: number;
  /** Concurrent producers at the hub. */
  readonly senders: number;
  /** How long a leaf takes per message; 0 for as fast as it can. */
  readonly takesMs: number;
}

/** What the hub should send. */
export interface Order {
  readonly bytes: number;
  /** Number of messages over all producers; Infinity if only time limits them. */
  readonly count: number;
  /** After this time, no producer starts another message. */
  readonly withinMs: number;
}

/** What the hub sent. */
export interface Sent {
  readonly startedAtUs: number;
  readonly count: number;
  /** How many times a message was encoded. */
  readonly encodes: number;
}

const network = new MemoryNetwork();
const plain = protobuf<Item>(Item, { verify: false });

let encodes = 0;
/** The same codec, counting encodes. */
const counting: Codec<Item> = {
  encode: (item) => {
    encodes += 1;
    return plain.encode(item);
  },
  decode: (bytes) => plain.decode(bytes),
};

let hub: { readonly router: Router; readonly channel: Channel<Item> } | undefined;
/**
 * How many messages each producer has made. A message's number modulo the number of producers is
 * its producer's index.
 */
let made: number[] = [];
let cpuBefore = process.cpuUsage();

/** Messages expected and received, summed over all leaves. */
let expected = 0;
let came = 0;
let arrived = deferred<number>();

async function routerOf(medium: Medium, listens: boolean, persistent: readonly string[]) {
  const identity = await Identity.generate();
  const listen = { port: 0, host: '127.0.0.1' };
  const socket = listens ? webSocket({ listen }) : webSocket({ dial: { zeroMask: true } });
  return createRouter({
    identity,
    network: 'bench',
    transports: [medium === 'memory' ? network.transport(identity.id) : socket],
    peers: { persistent, maxConnected: 2000 },
    // All leaves connect at the same time, from one host.
    limits: { handshakes: 2000, handshakesPerHost: 2000, connectionsPerSecond: 2000 },
  });
}

function channelOn(router: Router, codec: Codec<Item>): Channel<Item> {
  return router.openChannel({ id: 1, codec, inbound: block(8192), outbound: block(4096) });
}

/** Consumes the messages at a leaf, and checks that those of each producer are in order. */
function takeAll(channel: Channel<Item>, { senders, takesMs }: StarSetup): void {
  const next = Array.from({ length: senders }, (_, sender) => sender);
  const onItem = ({ seq }: Item): void => {
    const sender = seq % senders;
    if (seq !== next[sender] || came >= expected) {
      arrived.reject(new Error(`message ${seq} came, not ${next[sender] ?? 'any'}`));
    }
    next[sender] = seq + senders;
    came += 1;
    if (came === expected) arrived.resolve(nowUs());
  };
  const fail = (error: unknown): void => arrived.reject(error as Error);
  if (takesMs > 0) {
    channel.in$
      .pipe(
        boundedMergeMap(({ message }) => timer(takesMs).pipe(map(() => message)), {
          concurrency: 1,
        }),
      )
      .subscribe({ next: onItem, error: fail });
    return;
  }
  const demand = channel.in$.consume({
    next: ({ message }) => onItem(message),
    error: fail,
    complete: () => undefined,
  });
  demand.request(Infinity);
}

function* broadcasts(
  sender: number,
  { bytes, count, withinMs }: Order,
): Generator<OutboundEnvelope<Item>, void, undefined> {
  const body = bodyFor(bytes);
  const until = performance.now() + withinMs;
  const [senders, first] = [made.length, made[sender] ?? 0];
  const end = first + Math.ceil(count / senders);
  // Read the clock for each message only if there is a time limit.
  for (let i = first; i < end && (withinMs === Infinity || performance.now() < until); i += 1) {
    made[sender] = i + 1;
    yield { broadcast: true, message: { seq: i * senders + sender, body } };
  }
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Requests that hub and leaves handle. */
export const handlers = {
  /** Starts the hub. Resolves to its address. */
  async openHub({ medium, senders }: StarSetup): Promise<string> {
    made = Array.from({ length: senders }, () => 0);
    const router = await routerOf(medium, true, []);
    hub = { router, channel: channelOn(router, counting) };
    await router.start();
    if (medium === 'memory') return `memory:${router.id}`;
    return `ws://${router.id}@127.0.0.1:${router.snapshot().endpoints[0]?.port ?? 0}`;
  },

  /** Connects the leaves to the hub. */
  async join({ address, setup }: { address: string; setup: StarSetup }): Promise<void> {
    // In batches that are large enough to keep the hub busy.
    for (let left = setup.peers; left > 0; left -= 50) {
      const joining = Array.from({ length: Math.min(left, 50) }, async () => {
        const router = await routerOf(setup.medium, false, [address]);
        takeAll(channelOn(router, plain), setup);
        const up = firstValueFrom(router.peers$.pipe(filter(({ status }) => status === 'up')));
        await router.start();
        await up;
      });
      await Promise.all(joining);
    }
  },

  /** Resolves when `peers` leaves are up at the hub. */
  async joined(peers: number): Promise<void> {
    if (hub === undefined) throw new Error('there is no hub');
    const ups = hub.router.peers$.pipe(filter(({ status }) => status === 'up'));
    await lastValueFrom(ups.pipe(take(peers)));
  },

  /**
   * Expects `count` messages, summed over all leaves. Pass Infinity if `until` will set the number
   * later.
   */
  expect(count: number): void {
    expected = count;
    came = 0;
    arrived = deferred();
    // A later `arrived` request still gets the error.
    arrived.promise.catch(() => undefined);
    cpuBefore = process.cpuUsage();
  },

  /** Sets the expected number of messages since `expect`. */
  until(count: number): void {
    expected = count;
    if (came === count) arrived.resolve(nowUs());
  },

  /** Broadcasts to all leaves from all producers. */
  async send(order: Order): Promise<Sent> {
    if (hub === undefined) throw new Error('there is no hub');
    const { channel } = hub;
    const [encodesBefore, madeBefore, startedAtUs] = [encodes, sumOf(made), nowUs()];
    cpuBefore = process.cpuUsage();
    const reports = made.map((_, sender) =>
      lastValueFrom(pipeTo(channel)(broadcasts(sender, order))),
    );
    for (const { dropped } of await Promise.all(reports)) {
      if (dropped > 0) throw new Error(`${dropped} deliveries were dropped`);
    }
    return { startedAtUs, count: sumOf(made) - madeBefore, encodes: encodes - encodesBefore };
  },

  /** Resolves to the time of the last message, once all have arrived in order. */
  arrived: (): Promise<number> => arrived.promise,

  /** Waits, and resolves to how many messages have arrived since `expect`. */
  async cameWithin(ms: number): Promise<number> {
    await wait(ms);
    return came;
  },

  /** Processor time since `expect` or `send`, whichever was later, in microseconds. */
  cpuUs(): number {
    const { user, system } = process.cpuUsage(cpuBefore);
    return user + system;
  },
};
