/** js-libp2p nodes of the bench that are no pair of sender and receiver. */
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { Libp2p } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p, type Libp2pOptions } from 'libp2p';
import './node22.ts';

/** Bounds of a node that may have many connections, and gets them all at once, from one host. */
const manyConnections = {
  maxConnections: 20_000,
  maxIncomingPendingConnections: 10_000,
  inboundConnectionThreshold: 1_000_000,
  maxParallelDials: 10_000,
};

/** A node over TCP, with Noise and Yamux, as its documentation sets one up; started. */
export function tcpNode(listen: readonly string[] = []): Promise<Libp2p> {
  return nodeWith({
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
  });
}

/** A node that is started, open to any number of connections. */
export function nodeWith(options: Libp2pOptions): Promise<Libp2p> {
  return createLibp2p({
    streamMuxers: [yamux()],
    connectionManager: manyConnections,
    ...options,
  });
}
