import './node22.ts';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { memory } from '@libp2p/memory';
import { tcp } from '@libp2p/tcp';
import { webSockets } from '@libp2p/websockets';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p';
import { Identity } from '../../lib/model/identity.ts';
import { libp2p, type Libp2pOptions as TransportOptions } from '../../transports/libp2p/index.ts';
import type { Transport } from '../../lib/transport/transport.ts';

/** The transports of libp2p that run in Node, and where a node listens on each. */
export const media = {
  tcp: { transports: [tcp()], listen: () => '/ip4/127.0.0.1/tcp/0' },
  websockets: { transports: [webSockets()], listen: () => '/ip4/127.0.0.1/tcp/0/ws' },
  memory: { transports: [memory()], listen: () => `/memory/${(count += 1)}` },
};

/** How many memory addresses were given out. */
let count = 0;

/** A name of `media`. */
export type Medium = keyof typeof media;

/** A libp2p node, and a transport and an identity for it. */
export interface Made {
  readonly node: Libp2p;
  readonly identity: Identity;
  readonly transport: Transport;
}

/** The seed of the identity, and of the libp2p node's key if they share one. */
const seedOf = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);

/** Starts a libp2p node. With `sameKey`, it has the key of the identity with this seed. */
async function start(
  medium: Medium,
  { seed, sameKey = false, ...options }: { seed: number; sameKey?: boolean } & Libp2pOptions,
): Promise<Libp2p> {
  const { transports, listen } = media[medium];
  return createLibp2p({
    addresses: { listen: [listen()] },
    transports,
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    ...(sameKey && { privateKey: await generateKeyPairFromSeed('Ed25519', seedOf(seed)) }),
    ...options,
  });
}

/** The same, with a transport over it. */
export async function make(
  medium: Medium,
  seed: number,
  options: Partial<TransportOptions> & Libp2pOptions = {},
): Promise<Made> {
  const { sameKey = false, listen, limitedConnections, ...more } = options;
  const node = await start(medium, { seed, sameKey, ...more });
  const transport = libp2p({
    node,
    multiaddr,
    sameKey,
    ...(listen !== undefined && { listen }),
    ...(limitedConnections !== undefined && { limitedConnections }),
  });
  return { node, identity: Identity.fromSeed(seedOf(seed)), transport };
}
