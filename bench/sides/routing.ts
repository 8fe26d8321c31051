/**
 * A node that sends on many channels to one peer, or to many peers. All nodes share this process.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Channel, NodeId, Router } from 'rxmesh';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { bodyFor, type Item } from '../contestants/item.ts';
import { consume, memoryNode, openItems } from '../contestants/rxmesh-nodes.ts';
import { deferred } from '../frame/deferred.ts';
import type { Run } from '../frame/runner.ts';
import { measured } from './in-memory.ts';

/** What the messages are spread over. */
export type Breadth = 'channels' | 'peers';

/**
 * How messages are spread: one to each in turn, 64 to each in turn, or all of them to one while the
 * rest are idle.
 */
export type Spread = 'one by one' | '64 at a time' | 'all to one';

const stretchOf: Record<Spread, number> = {
  'one by one': 1,
  '64 at a time': 64,
  'all to one': Infinity,
};

/** Messages sent per turn of the event loop. */
const messagesPerTurn = 1024;
const bytes = 64;

/** A channel to a receiver. */
interface Path {
  readonly to: NodeId;
  readonly channel: Channel<Item>;
  /** Number of the next message to send, and of the next one to arrive. */
  sent: number;
  arrived: number;
}

const body = bodyFor(bytes);
const paths: Path[] = [];
let missing = 0;
let all = deferred<undefined>();

const path = (channel: Channel<Item>, to: NodeId): Path => ({ to, channel, sent: 0, arrived: 0 });

/**
 * Lanes have room for a burst, and are empty before the next one. A drop is therefore a failure.
 */
function failOnDrops(router: Router): void {
  router.events$.subscribe((event) => {
    if (event.type === 'message-dropped') all.reject(new Error('a message was dropped'));
  });
}

function take(index: number, seq: number): void {
  const one = paths[index];
  if (one === undefined || seq !== one.arrived) {
    all.reject(new Error(`path ${index}: message ${seq} came, not ${one?.arrived ?? 'any'}`));
    return;
  }
  one.arrived += 1;
  missing -= 1;
  if (missing === 0) all.resolve(undefined);
}

async function toChannels(count: number): Promise<void> {
  const memory = new MemoryNetwork();
  const ids = Array.from({ length: count }, (_, id) => id);
  const receiver = await memoryNode(memory, (router) => {
    for (const id of ids) consume(openItems(router, id), ({ seq }) => take(id, seq));
  });
  const sender = await memoryNode(memory, () => undefined, [receiver]);
  failOnDrops(sender);
  for (const id of ids) paths.push(path(openItems(sender, id), receiver.id));
}

async function toPeers(count: number): Promise<void> {
  const memory = new MemoryNetwork();
  const receivers = [];
  for (let index = 0; index < count; index += 1) {
    const receiver = await memoryNode(memory, (router) => {
      consume(openItems(router, 1), ({ seq }) => take(index, seq));
    });
    receivers.push(receiver);
  }
  const sender = await memoryNode(memory, () => undefined, receivers);
  failOnDrops(sender);
  const channel = openItems(sender, 1);
  for (const { id } of receivers) paths.push(path(channel, id));
}

/** Sends messages in bursts, each within one turn of the event loop. */
async function send(count: number, stretch: number): Promise<void> {
  let index = 0;
  let left = stretch;
  for (let sent = 0; sent < count; sent += 1) {
    if (left === 0) {
      index = (index + 1) % paths.length;
      left = stretch;
    }
    left -= 1;
    const one = paths[index];
    if (one === undefined) throw new Error('there are no paths');
    one.channel.out.next({ to: one.to, message: { seq: one.sent, body } });
    one.sent += 1;
    if ((sent + 1) % messagesPerTurn === 0) await turn();
  }
}

/** Requests that the process handles. */
export const handlers = {
  connect({ breadth, count }: { breadth: Breadth; count: number }): Promise<void> {
    return breadth === 'channels' ? toChannels(count) : toPeers(count);
  },

  run({ spread, count }: { spread: Spread; count: number }): Promise<Run> {
    return measured(async (messages) => {
      missing = messages;
      all = deferred();
      await Promise.all([send(messages, stretchOf[spread]), all.promise]);
    }, count);
  },
};
