/** Nodes that reach each other through a relay alone, and the relay. */
import './node22.ts';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import {
  type CircuitRelayServerInit,
  circuitRelayServer,
  circuitRelayTransport,
} from '@libp2p/circuit-relay-v2';
import { dcutr } from '@libp2p/dcutr';
import { identify } from '@libp2p/identify';
import { tcp } from '@libp2p/tcp';
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p';
import {
  createRouter,
  formatNodeAddress,
  type NodeId,
  type Router,
  type RouterEvent,
} from '../../lib/index.ts';
import {
  nodeAddress,
  type Libp2pOptions as TransportOptions,
} from '../../transports/libp2p/index.ts';
import { make } from './nodes.ts';
import { within } from './within.ts';

/** Starts a relay on TCP. */
export function startRelay(
  reservations: NonNullable<CircuitRelayServerInit['reservations']>,
): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 1_000 },
    services: { identify: identify(), relay: circuitRelayServer({ reservations }) },
  });
}

/** A node that has a reservation at a relay, and no address of its own. */
export interface Relayed {
  readonly router: Router;
  readonly node: Libp2p;
  readonly events: readonly RouterEvent[];
  /** How others dial it: through the relay. */
  readonly address: string;
}

/** Starts a node with a router. Options of the transport and of libp2p may differ. */
export async function startRelayed(
  seed: number,
  relay: Libp2p,
  options: Partial<TransportOptions> & Libp2pOptions = {},
): Promise<Relayed> {
  const { services, addresses, ...more } = options;
  const { node, identity, transport } = await make('tcp', seed, {
    addresses: { listen: [`${String(relay.getMultiaddrs()[0])}/p2p-circuit`], ...addresses },
    transports: [tcp(), circuitRelayTransport()],
    services: { identify: identify(), ...services },
    ...more,
  });
  const router = createRouter({ identity, network: 'relayed', transports: [transport] });
  const events: RouterEvent[] = [];
  router.events$.subscribe((event) => events.push(event));
  await router.start();
  const own = node.getMultiaddrs().map(String);
  const circuit = own.find((each) => each.includes('/p2p-circuit')) ?? '';
  return { router, node, events, address: formatNodeAddress(nodeAddress(circuit, identity.id)) };
}

/**
 * A node with a reservation that can also be dialed directly. DCUtR takes no private addresses, and
 * any name for a public one.
 */
export async function startOpen(seed: number, relay: Libp2p): Promise<Relayed> {
  const port = await freePort();
  const circuit = `${String(relay.getMultiaddrs()[0])}/p2p-circuit`;
  return startRelayed(seed, relay, {
    addresses: {
      listen: [circuit, `/ip4/127.0.0.1/tcp/${port}`],
      appendAnnounce: [`/dns4/localhost/tcp/${port}`],
    },
    services: { dcutr: dcutr() },
  });
}

/** Options of a node that upgrades connections through a relay, as soon as it may. */
export function upgrading(mayDial: () => boolean): Libp2pOptions {
  return {
    services: { dcutr: dcutr({ timeout: 60_000 }) },
    connectionGater: {
      denyDialMultiaddr: async (address) => {
        await within(60_000, () => !String(address).startsWith('/dns4/') || mayDial());
        return false;
      },
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Connects a node to another one. */
export async function connect(from: Relayed, to: Relayed): Promise<void> {
  from.router.peers.add(to.address);
  await from.router.whenUp(to.router.id);
}

/** Stops everything, in the order of use. */
export async function stopAll(nodes: readonly Relayed[], relay: Libp2p): Promise<void> {
  await Promise.all(nodes.map(({ router }) => router.stop()));
  await Promise.all(nodes.map(({ node }) => node.stop()));
  await relay.stop();
}

/** Whether each libp2p connection to a node goes through a relay. */
export function isRelayed({ node }: Relayed, to: Relayed): boolean {
  const addresses = node.getConnections(to.node.peerId).map(({ remoteAddr }) => String(remoteAddr));
  return addresses.length > 0 && addresses.every((each) => each.includes('/p2p-circuit'));
}

/** The errors with which a peer went down, as code and text. */
export function endsOf({ events }: Relayed, peer: NodeId): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'peer-down' && event.peer === peer
      ? [event.error === undefined ? 'closed here' : `${event.error.code} ${event.error.message}`]
      : [],
  );
}

/** The direct libp2p connections to a node: who has dialed each. */
export function directOf({ node }: Relayed, to: Relayed): readonly string[] {
  return node
    .getConnections(to.node.peerId)
    .filter(({ remoteAddr }) => !String(remoteAddr).includes('/p2p-circuit'))
    .map(({ direction }) => direction);
}

/** The errors of dials that failed, as code and text. */
export function failuresOf({ events }: Relayed): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'dial-failed' ? [`${event.error.code} ${event.error.message}`] : [],
  );
}
