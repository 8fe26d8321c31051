/**
 * The page of `page.browser.spec.ts`: bundled for a browser, it is a node that dials the one of the
 * test. The test calls what stands in `page` by its name, with one argument, and gets its answer.
 */
import { filter, firstValueFrom, lastValueFrom, map, take, timer, toArray } from 'rxjs';
import {
  block,
  createRouter,
  Identity,
  protobuf,
  raw,
  type Channel,
  type NodeId,
  type Router,
  type RouterEvent,
} from '../../lib/index.ts';
import { CallError, calls, type Service } from '../../lib/calls/index.ts';
import { pipeTo } from '../../operators/index.ts';
import { webSocket } from '../../transports/websocket/index.ts';
import { Ping } from '../codec/messages.ts';
import { network, ReadingType, service, slowLane, type Reading } from './shared.ts';

let router: Router | undefined;
let slow: Channel<Uint8Array> | undefined;

/** A started router that knows `address`; its first event of that type is awaited. */
async function start(
  address: string,
  awaited: RouterEvent['type'],
  open: (started: Router) => void = () => undefined,
): Promise<RouterEvent> {
  router = createRouter({
    identity: await Identity.generate(),
    network,
    transports: [webSocket()],
    peers: { persistent: [address] },
  });
  open(router);
  const event = firstValueFrom(router.events$.pipe(filter(({ type }) => type === awaited)));
  await router.start();
  return event;
}

/** The same, until the node at `address` is a peer; resolves to its ID. */
async function connect(address: string, open: (started: Router) => void): Promise<NodeId> {
  const event = await start(address, 'peer-up', open);
  if (event.type !== 'peer-up') throw new Error(event.type);
  return event.peer;
}

const page = {
  /** The ID of the identity with this seed. */
  idOf: (seed: readonly number[]) => Promise.resolve(Identity.fromSeed(Uint8Array.from(seed)).id),

  /**
   * Sends so many messages to the node, which sends each back; how many came back, and whether in
   * order.
   */
  async exchange({ address, count }: { address: string; count: number }) {
    let pings!: Channel<{ nonce: number; note: string }>;
    const peer = await connect(address, (started) => {
      pings = started.openChannel({ id: 1, codec: protobuf(Ping) });
    });
    const back = lastValueFrom(
      pings.in$.pipe(
        map(({ message }) => message),
        take(count),
        toArray(),
      ),
    );
    const envelopes = Array.from({ length: count }, (_, nonce) => ({
      to: peer,
      message: { nonce, note: `ping ${nonce}` },
    }));
    const sent = await lastValueFrom(pipeTo(pings)(envelopes));
    const came = await back;
    const inOrder = came.every(
      ({ nonce, note }, index) => nonce === index && note === `ping ${nonce}`,
    );
    return { sent, came: came.length, inOrder };
  },

  /**
   * Sends one message of a reflected type to the node, which sends it back: its number, or the
   * error's code.
   */
  async reflect({ address, seq }: { address: string; seq: number }) {
    let readings!: Channel<Reading>;
    const to = await connect(address, (started) => {
      readings = started.openChannel({ id: 4, codec: protobuf<Reading>(ReadingType) });
    });
    const back = firstValueFrom(readings.in$);
    try {
      await lastValueFrom(readings.send({ to, message: { seq } }));
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return (await back).message.seq;
  },

  /** Sends large messages, which come back, and says whether each has the bytes that it had. */
  async large({ address, bytes, count }: { address: string; bytes: number; count: number }) {
    let large!: Channel<Uint8Array>;
    const to = await connect(address, (started) => {
      large = started.openChannel({ id: 3, codec: raw(), messageBytesMax: bytes });
    });
    const back = lastValueFrom(
      large.in$.pipe(
        map(({ message }) =>
          message.every((byte, index) => byte === (index * 7 + message.length) % 251),
        ),
        take(count),
        toArray(),
      ),
    );
    const message = Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + bytes) % 251);
    await lastValueFrom(pipeTo(large)(Array.from({ length: count }, () => ({ to, message }))));
    return back;
  },

  /** Connects, and takes nothing yet of what comes on channel 2. */
  async stall({ address }: { address: string }) {
    await connect(address, (started) => {
      slow = started.openChannel({ id: 2, codec: raw(), inbound: block(slowLane) });
    });
  },

  /** Calls the node: one answer, then a stream of answers that it leaves early, then an error. */
  async ask({ address, taken }: { address: string; taken: number }) {
    let opened!: Service<(typeof service)['methods']>;
    const to = await connect(address, (started) => {
      opened = calls(started, service);
    });
    const { square, count } = opened.methods;
    const squared = await firstValueFrom(square.call(to, 12));
    const counted: number[] = [];
    for await (const n of count.call(to, 0)) {
      counted.push(n);
      if (counted.length === taken) break;
    }
    const failed = await firstValueFrom(square.call(to, -1)).catch((error: unknown) => error);
    const reason = failed instanceof CallError ? failed.reason : undefined;
    return { squared, counted, reason };
  },

  /** What waits in the lane of channel 2. */
  waiting() {
    const [peer] = router?.snapshot().peers ?? [];
    return Promise.resolve(peer?.channels.find(({ channel }) => channel === 2)?.inbound.depth);
  },

  /**
   * Takes so many messages of channel 2, one after the other, each after a moment; the first byte
   * of each.
   */
  async takeSlowly({ count }: { count: number }) {
    const firstBytes: number[] = [];
    for await (const { message } of slow?.in$ ?? []) {
      firstBytes.push(message[0] ?? -1);
      if (firstBytes.length === count) break;
      if (firstBytes.length % 20 === 0) await firstValueFrom(timer(1));
    }
    return firstBytes;
  },

  /** The error with which dialing fails. */
  async refused({ address }: { address: string }) {
    const event = await start(address, 'dial-failed');
    if (event.type !== 'dial-failed') throw new Error(event.type);
    return { code: event.error.code, message: event.error.message };
  },

  /** The code of the error with which a router that listens does not start. */
  async listen() {
    const identity = await Identity.generate();
    const listening = createRouter({
      identity,
      network,
      transports: [webSocket({ listen: { port: 0 } })],
    });
    return listening.start().then(
      () => 'none',
      (error: unknown) => (error as { code?: string }).code,
    );
  },

  async stop() {
    await router?.stop();
  },
};

/** What the test may call. */
export type Page = typeof page;

Object.assign(globalThis, { page });
