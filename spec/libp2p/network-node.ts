/**
 * A process of the test network: a libp2p node on TCP, a router on it, and gossip. Started with
 * `fork`; its parent sends texts to publish, and gets to know what happens.
 *
 *     network-node.ts <seed> [address to begin with]
 */
import { createRouter, formatNodeAddress, json, type NodeAddress } from '../../lib/index.ts';
import { gossip } from '../../lib/gossip/index.ts';
import { nodeAddress } from '../../transports/libp2p/index.ts';
import { make } from './nodes.ts';
import type { NetworkReport } from './network-report.ts';

const [seed = '0', bootstrap] = process.argv.slice(2);
const { node, identity, transport } = await make('tcp', Number(seed), {
  sameKey: true,
  // All of them are on one host: libp2p accepts five connections a second from one.
  connectionManager: { inboundConnectionThreshold: 1_000 },
});
const router = createRouter({
  identity,
  network: 'libp2p-network',
  transports: [transport],
  peerExchange: true,
  peers: { addresses: bootstrap === undefined ? [] : [bootstrap], maxConnected: 8 },
});
const news = gossip(router, { id: 1, codec: json<string>(), identity });
const report = (what: NetworkReport): void => void process.send?.(what);

news.in$.subscribe(({ message, hops }) => report({ heard: message, hops }));
router.peers$.subscribe(() => report({ peers: router.snapshot().peers.length }));
process.on('message', (text: string) => news.publish(text));
process.on('disconnect', () => process.exit());
await router.start();
report({ address: formatNodeAddress(addressOf(String(node.getMultiaddrs()[0]))) });

function addressOf(multiaddr: string): NodeAddress {
  return nodeAddress(multiaddr);
}
