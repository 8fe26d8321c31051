/**
 * The transport over libp2p, for Node and for browsers. It takes a libp2p node that you configure.
 *
 *     const router = createRouter({
 *       identity,
 *       network: 'demo',
 *       transports: [libp2p({ node: libp2pNode, multiaddr })],
 *     });
 */
export { discovered } from './discovered.ts';
export { libp2p } from './libp2p-transport.ts';
export { nodeAddress } from './multiaddr.ts';
export type {
  Libp2pAddress,
  Libp2pConnection,
  Libp2pEvent,
  Libp2pNode,
  Libp2pNodeEvent,
  Libp2pPeerId,
  Libp2pStream,
  Libp2pStreamEvent,
} from './node.ts';
export type { Libp2pOptions } from './options.ts';
