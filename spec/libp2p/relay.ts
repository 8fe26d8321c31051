/** A relay for browsers, in a process of its own: they dial it, and reach each other through it. */
import './node22.ts';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { circuitRelayServer } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { webSockets } from '@libp2p/websockets';
import { createLibp2p } from 'libp2p';

const relay = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
  transports: [webSockets()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionManager: { inboundConnectionThreshold: 1_000 },
  services: {
    identify: identify(),
    relay: circuitRelayServer({ reservations: { maxReservations: 1_000 } }),
  },
});
process.send?.(String(relay.getMultiaddrs()[0]));
process.on('disconnect', () => process.exit());
