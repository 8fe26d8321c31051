/**
 * Keeps messages waiting: one of two nodes in memory does not consume what the other sends. Runs in
 * its own process.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { block, type LaneOptions, type Router } from 'rxmesh';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { bodyFor, encode } from '../contestants/item.ts';
import { memoryNode, openItems } from '../contestants/rxmesh-nodes.ts';
import { footprint } from './footprint.ts';

/** Where messages wait. */
export type Place = 'lane' | 'inbox' | 'array';

/** Adds `count` waiting messages. */
type Fill = (count: number) => Promise<void>;

/** The largest lane possible, so that all messages have room. */
const room = block(2 ** 20, { bytes: 2 ** 30 });

/** Messages sent per turn of the event loop. */
const messagesPerTurn = 1024;

/** Connects two nodes. The receiver's inbox has the lane `inbound`, and nothing consumes it. */
async function nodes(bytes: number, inbound: LaneOptions, waiting: Waiting): Promise<Fill> {
  const memory = new MemoryNetwork();
  const receiver = await memoryNode(memory, (router) => openItems(router, 1, { inbound }));
  const router = await memoryNode(memory, () => undefined, [receiver]);
  const channel = openItems(router, 1, { outbound: room });
  const body = bodyFor(bytes);
  let seq = 0;
  return async (count) => {
    const end = seq + count;
    for (; seq < end; seq += 1) {
      channel.out.next({ to: receiver.id, message: { seq, body } });
      if (seq % messagesPerTurn === 0) await turn();
    }
    if (router.snapshot().drops.length > 0) throw new Error('a lane has no room');
    while (waiting(router, receiver) < end) await turn();
  };
}

/** How many messages are waiting in the intended place. */
type Waiting = (sender: Router, receiver: Router) => number;

/** The peer has granted credit for one message, which waits in its inbox instead. */
const inLane: Waiting = (sender) => 1 + (portOf(sender)?.outbound.depth ?? 0);

const inInbox: Waiting = (_, receiver) => portOf(receiver)?.inbound.depth ?? 0;

function portOf(router: Router) {
  return router.snapshot().peers[0]?.channels[0];
}

/** For comparison: an array of what protobufjs returns. */
function array(bytes: number): Fill {
  const messages: Uint8Array[] = [];
  const body = bodyFor(bytes);
  return (count) => {
    for (let i = 0; i < count; i += 1) messages.push(encode({ seq: messages.length, body }));
    return Promise.resolve();
  };
}

const fills: Record<Place, (bytes: number) => Fill | Promise<Fill>> = {
  lane: (bytes) => nodes(bytes, block(1), inLane),
  inbox: (bytes) => nodes(bytes, room, inInbox),
  array,
};

let fill: Fill | undefined;

/** Requests that the process handles. */
export const handlers = {
  async prepare({ place, bytes }: { place: Place; bytes: number }): Promise<void> {
    fill = await fills[place](bytes);
  },

  async fill(count: number): Promise<void> {
    await fill?.(count);
  },

  footprint,
};
