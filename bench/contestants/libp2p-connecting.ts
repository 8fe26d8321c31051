import { multiaddr } from '@multiformats/multiaddr';
import type { Connecting } from './connecting.ts';
import { tcpNode } from './libp2p-nodes.ts';

/**
 * More nodes than dials at a time are of no use: a node may have many connections to another one.
 */
const nodesMax = 16;

/**
 * Some nodes that connect to one: a node that is dialing a peer already does not dial it twice at a
 * time.
 */
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
