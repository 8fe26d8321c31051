import '../contestants/node22.ts';
import { noise } from '@chainsafe/libp2p-noise';
import { gossipsub as gossipsubService } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { Libp2p } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import type { Multiaddr } from '@multiformats/multiaddr';
import { nodeWith } from '../contestants/libp2p-nodes.ts';
import type { GossipContestant } from './contestant.ts';

const topic = 'bench';

/**
 * @libp2p/gossipsub, with its defaults where one host allows them, on js-libp2p nodes: TCP, Noise,
 * Yamux.
 */
export const gossipsub: GossipContestant = {
  name: 'gossipsub',
  async start({ links, signed }, take) {
    const nodes: Awaited<ReturnType<typeof nodeFor>>[] = [];
    for (const [at, earlier] of links.entries()) {
      const node = await nodeFor(signed);
      node.services.pubsub.addEventListener('gossipsub:message', ({ detail }) => {
        if (detail.msg.topic === topic) take(at, detail.msg.data);
      });
      node.services.pubsub.subscribe(topic);
      for (const other of earlier) await dialed(node, nodes[other]?.getMultiaddrs() ?? []);
      nodes.push(node);
    }
    return (item) => {
      void nodes[0]?.services.pubsub.publish(topic, item);
    };
  },
};

/** A busy machine may need more than the time that libp2p gives to a dial. */
async function dialed(node: Libp2p, addresses: Multiaddr[], attempts = 5): Promise<void> {
  try {
    await node.dial(addresses);
  } catch (error) {
    if (attempts === 1) throw error;
    await dialed(node, addresses, attempts - 1);
  }
}

function nodeFor(signed: boolean) {
  return nodeWith({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    services: {
      identify: identify(),
      pubsub: gossipsubService({
        globalSignaturePolicy: signed ? 'StrictSign' : 'StrictNoSign',
        allowPublishToZeroTopicPeers: true,
        // All nodes share one IP address; by default, gossipsub penalizes more than ten on one.
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
    },
  });
}
