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

/** The network name of all nodes of the bench. */
export const network = 'bench';

/** Limits for a node that gets many peers at the same time. */
const manyPeers = {
  limits: { handshakes: 10_000, handshakesPerHost: 10_000, connectionsPerSecond: 1_000_000 },
  peers: { maxConnected: 20_000 },
};

/** Creates a router that accepts practically any number of peers, without starting it. */
export async function nodeWith(
  transportFor: (identity: Identity) => Transport,
  persistent: readonly string[] = [],
): Promise<Router> {
  const identity = await Identity.generate();
  return routerFor(identity, transportFor(identity), persistent);
}

/** The same, with an identity that exists. */
export function routerFor(
  identity: Identity,
  transport: Transport,
  persistent: readonly string[] = [],
): Router {
  const { limits, peers } = manyPeers;
  return createRouter({
    identity,
    network,
    transports: [transport],
    limits,
    peers: { ...peers, persistent },
  });
}

/** Starts a node in memory and connects it to its peers, if any. */
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

/** Opens a channel for items, by default with the lanes used throughout the bench. */
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

/** Lanes that differ from the default. */
export interface Lanes {
  readonly inbound?: LaneOptions;
  readonly outbound?: LaneOptions;
}

/** Consumes a channel as fast as messages arrive. */
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

/** Resolves when `count` peers have come up. */
async function peersUp(router: Router, count: number): Promise<void> {
  if (count === 0) return;
  await lastValueFrom(
    router.peers$.pipe(
      filter(({ status }) => status === 'up'),
      take(count),
    ),
  );
}

/** Generates `count` items for one peer, numbered from `first`, all with the same body. */
export function* itemsTo(
  to: NodeId,
  body: Uint8Array,
  first: number,
  count: number,
): Generator<OutboundEnvelope<Item>> {
  const end = first + count;
  for (let seq = first; seq < end; seq += 1) yield { to, message: { seq, body } };
}
