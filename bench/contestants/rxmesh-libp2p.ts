import './node22.ts';
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { formatNodeAddress, Identity } from 'rxmesh';
import { libp2p, nodeAddress } from 'rxmesh/transports/libp2p';
import type { Contestant } from './contestant.ts';
import { nodeWith } from './libp2p-nodes.ts';
import { type Medium, rxmeshOver } from './rxmesh.ts';

/** rxmesh over js-libp2p on TCP, with its own handshake and encryption inside of Noise. */
export const rxmeshLibp2p: Contestant = rxmeshOver(over(false));

/** The same, where Noise is the only proof and encryption: both have the same key. */
export const rxmeshLibp2pSameKey: Contestant = rxmeshOver(over(true));

/** A libp2p node on TCP, whose key is that of the identity or another one. */
export function over(sameKey: boolean): Medium {
  return async (isListening) => {
    const seed = crypto.getRandomValues(new Uint8Array(32));
    const node = await nodeWith({
      ...(sameKey && { privateKey: await generateKeyPairFromSeed('Ed25519', seed) }),
      addresses: { listen: isListening ? ['/ip4/127.0.0.1/tcp/0'] : [] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
    });
    const identity = Identity.fromSeed(seed);
    return {
      identity,
      transport: libp2p({ node, multiaddr, sameKey, listen: isListening }),
      address: () => formatNodeAddress(nodeAddress(String(node.getMultiaddrs()[0]), identity.id)),
    };
  };
}
