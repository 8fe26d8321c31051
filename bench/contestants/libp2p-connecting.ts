import { multiaddr } from '@multiformats/multiaddr';
import type { Connecting } from './connecting.ts';
import { tcpNode } from './libp2p-nodes.ts';

/**
 * The most concurrent dials in any case. A node may open many connections to the same peer, so more
 * nodes are not needed.
 */
const nodesMax = 16;

/** Several nodes connect to one, because a node does not dial the same peer twice concurrently. */
export const libp2pConnecting: Connecting = {
  async listen(onUp) {
    const node = await tcpNode(['/ip4/127.0.0.1/tcp/0']);
    node.addEventListener('connection:open', onUp);
    return String(node.getMultiaddrs()[0]);
  },

  async dialer(address, nodes) {
    const to = multiaddr(address);
    const count = Math.min(nodes, nodesMax);
    const idle = await Promise.all(Array.from({ length: count }, () => tcpNode()));
    return {
      async connect() {
        const node = idle.shift();
        if (node === undefined) throw new Error('every node is dialing');
        const connection = await node.dial(to, { force: true });
        idle.push(node);
        return connection;
      },
    };
  },
};
