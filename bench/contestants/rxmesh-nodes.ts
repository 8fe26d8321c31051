import { filter, take, lastValueFrom } from 'rxjs';
import {
  block,
  createRouter,
  Identity,
  protobuf,
  type Channel,
  type LaneOptions,
  type NodeId,
  type OutboundEnvelope,
  type Router,
  type Transport,
} from 'rxmesh';
import type { MemoryNetwork } from 'rxmesh/transports/memory';
import { Item } from './item.ts';

/** What all nodes of the bench are part of. */
export const network = 'bench';

/** Bounds of a node that may have many peers, and gets them all at once. */
const manyPeers = {
  limits: { handshakes: 10_000, handshakesPerHost: 10_000, connectionsPerSecond: 1_000_000 },
  peers: { maxConnected: 20_000 },
};

/** A router that has to be started still, open to any number of peers. */
export async function nodeWith(
  transportFor: (identity: Identity) => Transport,
  persistent: readonly string[] = [],
): Promise<Router> {
  const identity = await Identity.generate();
  const { limits, peers } = manyPeers;
  return createRouter({
    identity,
    network,
    transports: [transportFor(identity)],
    limits,
    peers: { ...peers, persistent },
  });
}

/** A node in memory, started, and connected with its peers if it is to have some. */
export async function memoryNode(
  memory: MemoryNetwork,
  open: (router: Router) => void,
  peers: readonly Router[] = [],
): Promise<Router> {
  const addresses = peers.map(({ id }) => `memory:${id}`);
  const router = await nodeWith(({ id }) => memory.transport(id), addresses);
  open(router);
  const up = peersUp(router, peers.length);
  await router.start();
  await up;
  return router;
}

/** A channel for items, with lanes as the bench has them everywhere. */
export function openItems(
  router: Router,
  id: number,
  { inbound = block(8192), outbound = block(4096) }: Lanes = {},
): Channel<Item> {
  return router.openChannel({
    id,
    // The other contestants do not verify their messages either.
    codec: protobuf<Item>(Item, { verify: false }),
    inbound,
    outbound,
  });
}

/** Lanes that are not the usual ones. */
export interface Lanes {
  readonly inbound?: LaneOptions;
  readonly outbound?: LaneOptions;
}

/** Takes what a channel brings, in order, as fast as it comes. */
export function consume(channel: Channel<Item>, next: (item: Item) => void): void {
  const demand = channel.in$.consume({
    next: ({ message }) => next(message),
    error: (error) => {
      throw error;
    },
    complete: () => undefined,
  });
  demand.request(Infinity);
}

/** Resolves when so many peers have come up. */
async function peersUp(router: Router, count: number): Promise<void> {
  if (count === 0) return;
  await lastValueFrom(
    router.peers$.pipe(
      filter(({ status }) => status === 'up'),
      take(count),
    ),
  );
}

/** So many items for one peer, numbered from `first` on, all with the same body. */
export function* itemsTo(
  to: NodeId,
  body: Uint8Array,
  first: number,
  count: number,
): Generator<OutboundEnvelope<Item>> {
  const end = first + count;
  for (let seq = first; seq < end; seq += 1) yield { to, message: { seq, body } };
}
