/** js-libp2p nodes with room for many connections. */
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { Libp2p, ServiceMap } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p, type Libp2pOptions } from 'libp2p';
import './node22.ts';

/** Limits for a node that gets many connections from one host at the same time. */
const manyConnections = {
  maxConnections: 20_000,
  maxIncomingPendingConnections: 10_000,
  inboundConnectionThreshold: 1_000_000,
  maxParallelDials: 10_000,
};

/** Starts a node on TCP with Noise and Yamux, set up as in the documentation. */
export function tcpNode(listen: readonly string[] = []): Promise<Libp2p> {
  return nodeWith({
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
  });
}

/** Starts a node with practically unlimited connections. */
export function nodeWith<S extends ServiceMap>(options: Libp2pOptions<S>): Promise<Libp2p<S>> {
  return createLibp2p({
    streamMuxers: [yamux()],
    connectionManager: manyConnections,
    ...options,
  });
}
