/** What runs in a browser's page: nodes that are reached by WebRTC, which a relay sets up. */
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { webRTC } from '@libp2p/webrtc';
import { webSockets } from '@libp2p/websockets';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import protobufjs from 'protobufjs';
import { map, type Observable, of, retry, throwError, timer } from 'rxjs';
import {
  block,
  type Channel,
  createRouter,
  type Endpoint,
  flowFrom,
  formatNodeAddress,
  Identity,
  type NodeId,
  parseNodeAddress,
  protobuf,
  type Router,
  type Transport,
} from '../../lib/index.ts';
import { transportConformance, type TransportNode } from '../../lib/testing/index.ts';
import { boundedMergeMap, pipeTo, sendTo } from '../../operators/index.ts';
import { libp2p, nodeAddress } from '../../transports/libp2p/index.ts';
import { overWebRtc } from './rtc-conformance.ts';

interface Item {
  readonly number: number;
}

/** What the page of a test has sent and received. */
interface Counts {
  readonly pulled: number;
  readonly handled: number;
  readonly isInOrder: boolean;
}

const { root } = protobufjs.parse('syntax = "proto3"; message Item { uint32 number = 1; }');
const lane = block(16);

/** A libp2p node that has an address for WebRTC, through the relay. */
function nodeAt(relay: string): Promise<Libp2p> {
  return createLibp2p({
    addresses: {
      listen: [`${relay}/p2p-circuit`, '/webrtc'],
      // Not the address at the relay itself, which connections of rxmesh do not use.
      announceFilter: (all) => all.filter((each) => each.toString().includes('/webrtc/')),
    },
    transports: [
      webSockets(),
      circuitRelayTransport(),
      // All pages are on one machine: no server has to tell them their addresses.
      webRTC({ rtcConfiguration: { iceServers: [] } }),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    // By default, libp2p dials no loopback address from a browser.
    connectionGater: { denyDialMultiaddr: () => false },
  });
}

/** What an error says, and its causes: only a text reaches the test. */
function causesOf(error: unknown): readonly string[] {
  return error instanceof Error ? [String(error), ...causesOf(error.cause)] : [];
}

/**
 * Dials up to three times when libp2p gives up waiting, as it does once in a hundred times on a
 * busy machine: WebRTC's own messages got lost. A router would dial again; a case of the
 * conformance suite dials once.
 */
function redialing(transport: Transport): Transport {
  const delay = (error: unknown): Observable<unknown> =>
    causesOf(error).at(-1)?.startsWith('TimeoutError') === true
      ? of(true)
      : throwError(() => error);
  return {
    protocols: transport.protocols,
    incoming$: transport.incoming$,
    endpoints$: transport.endpoints$,
    get endpoints() {
      return transport.endpoints;
    },
    dial: (endpoint) => transport.dial(endpoint).pipe(retry({ count: 2, delay })),
    close: () => transport.close(),
    toString: () => transport.toString(),
  };
}

let router: Router;
let items: Channel<Item>;
let pulled = 0;
const handled: number[] = [];

const page = {
  /** Starts a node. Returns its ID and its address for WebRTC. */
  async start(relay: string): Promise<{ id: NodeId; address: string }> {
    const node = await nodeAt(relay);
    const identity = await Identity.generate();
    router = createRouter({
      identity,
      network: 'pages',
      transports: [libp2p({ node, multiaddr })],
    });
    const codec = protobuf<Item>(root.lookupType('Item'));
    items = router.openChannel({ id: 1, codec, inbound: lane, outbound: lane });
    await router.start();
    const address = nodeAddress(String(node.getMultiaddrs()[0]), identity.id);
    return { id: identity.id, address: formatNodeAddress(address) };
  },

  async dial(address: string): Promise<void> {
    router.peers.add(address);
    await router.whenUp(parseNodeAddress(address).id);
  },

  /** Sends further items, up to this number, as fast as the peer takes them. */
  produce([to, last]: readonly [NodeId, number]): void {
    const numbers = function* (): Iterable<Item> {
      while (pulled < last) yield { number: (pulled += 1) };
    };
    flowFrom(numbers()).pipe(sendTo(to), pipeTo(items)).subscribe();
  },

  /** Handles one item after the other, each for some milliseconds. */
  consume(ms: number): void {
    items.in$
      .pipe(
        boundedMergeMap(({ message }) => timer(ms).pipe(map(() => message.number)), {
          concurrency: 1,
        }),
      )
      .subscribe((number) => handled.push(number));
  },

  counts: (): Counts => ({
    pulled,
    handled: handled.length,
    isInOrder: handled.every((number, at) => number === at + 1),
  }),

  /** Where the peers of the node are. */
  remotes: (): readonly Endpoint[] => router.snapshot().peers.map(({ remote }) => remote),

  /** Runs a case of the conformance suite of transports. */
  async conform([relay, name]: readonly [string, string]): Promise<void> {
    const open = async (): Promise<TransportNode & { node: Libp2p }> => {
      const node = await nodeAt(relay);
      const transport = redialing(libp2p({ node, multiaddr }));
      return { node, identity: await Identity.generate(), transport };
    };
    const cases = transportConformance({
      ...overWebRtc,
      open: async () => {
        const [a, b] = await Promise.all([open(), open()]);
        const dispose = async (): Promise<void> => {
          await Promise.all([a.node.stop(), b.node.stop()]);
        };
        return { a, b, dispose };
      },
    });
    try {
      await cases.find((each) => each.name === name)?.run();
    } catch (error) {
      throw new Error(causesOf(error).join('\n  because: '), { cause: error });
    }
  },
};

export type Page = typeof page;

Object.assign(globalThis, { page });
