/**
 * Messages that wait, in a process of their own: of two nodes in memory, one does not take what the
 * other sends.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { block, type LaneOptions, type Router } from 'rxmesh';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { bodyFor, encode } from '../contestants/item.ts';
import { memoryNode, openItems } from '../contestants/rxmesh-nodes.ts';
import { footprint } from './footprint.ts';

/** Where messages wait. */
export type Place = 'lane' | 'inbox' | 'array';

/** Makes so many messages more wait. */
type Fill = (count: number) => Promise<void>;

/** The longest lane that there is, so that all of them find room. */
const room = block(2 ** 20, { bytes: 2 ** 30 });

/** Messages that are sent before the event loop turns. */
const messagesPerTurn = 1024;

/** Two nodes of which the receiver's inbox has these lanes; nobody consumes there. */
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

/** How many messages wait where they are to wait. */
type Waiting = (sender: Router, receiver: Router) => number;

/** The peer has given credit for one message, which does wait in its inbox. */
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

/** What the process does when asked. */
export const handlers = {
  async prepare({ place, bytes }: { place: Place; bytes: number }): Promise<void> {
    fill = await fills[place](bytes);
  },

  async fill(count: number): Promise<void> {
    await fill?.(count);
  },

  footprint,
};
