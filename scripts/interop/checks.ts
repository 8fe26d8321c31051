import { Identity, parseNodeId, type RouterOptions, type RxmeshError } from 'rxmesh';
import { ofKind } from 'rxmesh/operators';
import { blockSync, comet, cometDialect, mempool, peerExchange } from 'rxmesh/transports/comet';
import { fetchBlocks } from './blocks.ts';
import type { CometNode } from './comet-node.ts';
import type { Network } from './network.ts';
import { connected, dialFailure, failIf, type Node, nodeFor, until } from './node.ts';
import { newcomerOf, type Validator } from './validator.ts';
import { watch, watchFor } from './watch.ts';

interface NetInfo {
  readonly peers: readonly {
    readonly node_info: { readonly id: string; readonly moniker: string };
    readonly is_outbound: boolean;
  }[];
}

/** What the checks of one version run against. */
export interface World {
  readonly program: string;
  /** A chain of one. */
  readonly validator: Validator;
  /** A chain of four. */
  readonly network: Network;
}

/** Something that must hold. Returns what it saw, in a few words. */
export interface Check {
  readonly name: string;
  readonly run: (world: World) => Promise<string>;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

async function isListed(node: CometNode, { router }: Node): Promise<boolean> {
  const { peers } = await node.rpc<NetInfo>('net_info');
  return peers.some(({ node_info: { id } }) => id === router.id);
}

const dialIt: Check = {
  name: 'we dial it, and it lists us in net_info',
  run: ({ validator }) =>
    connected(validator, async (node) => {
      await until('it lists us', () => isListed(validator, node));
      await until('our ping is answered', () => {
        return node.router.snapshot().peers[0]?.roundTripMs !== undefined;
      });
      const [peer] = node.router.snapshot().peers;
      return `${peer?.moniker ?? ''}, our ping took ${peer?.roundTripMs?.toFixed(1) ?? ''} ms`;
    }),
};

/** The value of a key in a node's store. */
async function stored(node: CometNode, key: string): Promise<string> {
  type Answer = { response: { value: string | null } };
  const { response } = await node.rpc<Answer>(`abci_query?data="${key}"`);
  return text(Buffer.from(response.value ?? '', 'base64'));
}

/** We are connected with one node, and use the RPC of another one. */
const gossipTransactions = (
  name: string,
  nodesOf: (world: World) => readonly [near: CometNode, far: CometNode],
): Check => ({
  name,
  run: async (world) => {
    const [near, far] = nodesOf(world);
    const heard: string[] = [];
    const prepare = (node: Node): void => {
      const { router } = node;
      const ours = router.id.slice(0, 8);
      watch(node);
      const pool = router.openChannel(mempool);
      pool.in$.subscribe(({ message: { txs } }) => heard.push(...txs.map(text)));
      router.peers$.subscribe(({ status, id }) => {
        if (status !== 'up') return;
        const tx = new Uint8Array(Buffer.from(`ours${ours}=${ours}`));
        pool.out.next({ to: id, message: { kind: 'txs', txs: [tx] } });
      });
    };
    const work = async ({ router }: Node): Promise<string> => {
      const ours = router.id.slice(0, 8);
      const theirs = `theirs=${ours}`;
      await far.rpc(`broadcast_tx_sync?tx="${theirs}"`);
      await until('their transaction reaches us', () => heard.includes(theirs));
      await until('ours is in a block', async () => (await stored(far, `ours${ours}`)) === ours);
      return `heard ${theirs}, read ours${ours}=${ours}`;
    };
    return connected(near, work, prepare);
  },
});

const fetchBlock: Check = {
  name: 'it sends us a block that we ask for, decoded',
  run: async ({ validator }) => {
    let got: { chainId: string; height: number } | undefined;
    const prepare = ({ router }: Node): void => {
      const sync = router.openChannel(blockSync);
      sync.in$.pipe(ofKind('blockResponse')).subscribe(({ message: { block } }) => {
        const { chainId = '', height = 0 } = block?.header ?? {};
        got = { chainId, height };
      });
      router.peers$.subscribe(({ status, id }) => {
        if (status === 'up')
          sync.out.next({ to: id, message: { kind: 'blockRequest', height: 1 } });
      });
    };
    return connected(
      validator,
      async () => {
        await until('the block arrives', () => got !== undefined);
        failIf(got?.chainId !== validator.chainId, `the chain ID ${got?.chainId ?? ''}`);
        return `block ${got?.height ?? 0} of ${got?.chainId ?? ''}`;
      },
      prepare,
    );
  },
};

/** A dial that must fail with this code. */
function refused(name: string, code: string, make: (validator: Validator) => Promise<Node>): Check {
  return {
    name,
    run: async ({ validator }) => {
      const node = await make(validator);
      try {
        node.router.openChannel(peerExchange);
        const failure = dialFailure(node);
        await node.router.start();
        const error = await failure;
        failIf(error.code !== code, `${error.code}: ${error.message}`);
        return `${error.code}: ${error.message}`;
      } finally {
        await node.router.stop();
      }
    },
  };
}

const wrongNetwork = refused(
  'a wrong chain ID is refused with the difference',
  'RXMESH_INCOMPATIBLE',
  ({ address }) => nodeFor('another-chain', { peers: { persistent: [address] } }),
);

const wrongId = refused(
  'a wrong ID is refused with both IDs',
  'RXMESH_IDENTITY_MISMATCH',
  ({ chainId, id, address }) => {
    const persistent = [address.replace(id, 'ab'.repeat(20))];
    return nodeFor(chainId, { peers: { persistent } });
  },
);

const duplicate: Check = {
  name: 'a second connection with the same key is refused',
  run: async ({ validator }) => {
    const identity = await Identity.generate();
    const peers = { persistent: [validator.address] };
    const [first, second] = [
      await nodeFor(validator.chainId, { identity, peers }),
      await nodeFor(validator.chainId, { identity, peers }),
    ];
    for (const { router } of [first, second]) router.openChannel(peerExchange);
    try {
      await first.router.start();
      await until('it lists us', () => isListed(validator, first));
      const failure = dialFailure(second);
      await second.router.start();
      const { code, message } = await failure;
      failIf(code !== 'RXMESH_PEER_REFUSED', `${code}: ${message}`);
      failIf(first.router.snapshot().peers.length === 0, 'the first connection has ended');
      return `${code}: ${message}`;
    } finally {
      await Promise.all([first.router.stop(), second.router.stop()]);
    }
  },
};

/** The first address of a node of ours, as CometBFT writes it. */
const cometAddressOf = ({ router }: Node): string =>
  (router.addresses[0] ?? '').replace('tcp://', '');

const restarts: Check = {
  name: 'we survive its restart, and it survives ours; it dials us, and we accept',
  run: async ({ validator }) => {
    const identity = await Identity.generate();
    // Dial nobody: the listeners are known to the validator alone.
    let listener = await nodeFor(validator.chainId, { identity });
    const stranger = await nodeFor('another-chain');
    const dialer = await nodeFor(validator.chainId, {
      transports: [comet()],
      peers: { persistent: [validator.address], disconnectCooldownMs: 0, retryJitterMs: 100 },
    });
    for (const { router } of [listener, stranger, dialer]) router.openChannel(peerExchange);
    try {
      await Promise.all([listener, stranger, dialer].map(({ router }) => router.start()));
      await until('it is up', () => dialer.router.snapshot().peers.length === 1);
      const persistent = [listener, stranger].map(cometAddressOf);
      await validator.stop();
      await until('we notice', () => dialer.events.some(({ type }) => type === 'peer-down'));
      await validator.start({ persistent });
      await until('it has dialed us', () => listener.router.snapshot().peers.length === 1);
      await until('we have dialed it again', () => dialer.router.snapshot().peers.length === 1);
      await until('it lists us', () => isListed(validator, listener));
      const [peer] = listener.router.snapshot().peers;
      failIf(peer?.direction !== 'inbound', `direction ${peer?.direction ?? ''}`);
      const { code, message } = await refusalAt(stranger);
      failIf(code !== 'RXMESH_INCOMPATIBLE', `another chain: ${code}: ${message}`);
      await listener.router.stop();
      await until('it notices', async () => !(await isListed(validator, listener)));
      const port = Number(persistent[0]?.split(':').at(-1));
      const transports = [comet({ listen: { host: '127.0.0.1', port } })];
      listener = await nodeFor(validator.chainId, { identity, transports });
      listener.router.openChannel(peerExchange);
      await listener.router.start();
      await until('it dials us again', () => listener.router.snapshot().peers.length === 1);
      await until('it lists us again', () => isListed(validator, listener));
      return 'up again after both; a listener of another chain has refused it';
    } finally {
      await Promise.all([listener, stranger, dialer].map(({ router }) => router.stop()));
    }
  },
};

/** The error of the first connection that was refused here. */
async function refusalAt({ events }: Node): Promise<Pick<RxmeshError, 'code' | 'message'>> {
  const refused = (): RxmeshError | undefined =>
    events.flatMap((event) => (event.type === 'connection-refused' ? [event.error] : []))[0];
  await until('it has dialed the stranger', () => refused() !== undefined);
  const error = refused();
  if (error === undefined) throw new Error('no refusal');
  return error;
}

const exchanging: Partial<RouterOptions> = { peerExchange: { dialect: cometDialect } };

const learnPeers: Check = {
  name: 'one node of four tells our peer manager of the others, and we dial them',
  run: async ({ network }) => {
    const [first] = network.nodes;
    const peers = { persistent: [first.address] };
    const work = async ({ router, events }: Node): Promise<string> => {
      await until('we are connected with all', () =>
        network.nodes.every(({ id }) => router.peers.get(parseNodeId(id))?.status === 'up'),
      );
      const reports = events.filter(({ type }) => type === 'peer-reported');
      failIf(reports.length > 0, JSON.stringify(reports[0]));
      const learned = network.nodes.filter(
        ({ id }) => router.peers.get(parseNodeId(id))?.isChosen === false,
      );
      failIf(learned.length !== 3, `${learned.length} learned`);
      return `told of one, connected with ${network.nodes.length}`;
    };
    return connected(first, work, () => undefined, { ...exchanging, peers });
  },
};

/** CometBFT looks for peers every 30 s, and a dial may fail on a busy machine. */
const dialsWithinMs = 200_000;

/** Waits until a node has dialed all of these, and is connected with them. */
async function hasDialed(node: CometNode, ids: readonly string[]): Promise<void> {
  let peers: NetInfo['peers'] = [];
  const dialed = async (): Promise<boolean> => {
    ({ peers } = await node.rpc<NetInfo>('net_info').catch(() => ({ peers })));
    return ids.every((id) =>
      peers.some(({ node_info: info, is_outbound: out }) => info.id === id && out),
    );
  };
  try {
    await until('it has dialed all', dialed, dialsWithinMs);
  } catch (error) {
    const has = peers.map((peer) => `${peer.node_info.id} ${peer.is_outbound ? 'out' : 'in'}`);
    const log = node.log.split('\n').filter((line) => /module=(pex|p2p)/.test(line));
    const seen = [`wanted: ${ids.join(', ')}`, `has: ${has.join(', ')}`, ...log.slice(-60)];
    throw new Error(`its peers and its log:\n${seen.join('\n')}`, { cause: error });
  }
}

const teachPeers: Check = {
  name: 'a CometBFT node that knows us alone asks us, and dials the addresses that we tell it',
  run: async ({ program, network }) => {
    const [first] = network.nodes;
    const known = { persistent: network.addresses };
    const seed = await nodeFor(network.chainId, { ...exchanging, peers: known });
    // Nothing listens at the address it announces, so no other node can dial it first.
    const newcomer = await newcomerOf(program, first, { external_address: '127.0.0.1:1' });
    let other: Node | undefined;
    try {
      await seed.router.start();
      const peers = { addresses: seed.router.addresses };
      other = await nodeFor(network.chainId, { ...exchanging, peers });
      await other.router.start();
      const { router } = other;
      await until('we are up', () => seed.router.snapshot().peers.length === 5);
      newcomer.launch({ seeds: [cometAddressOf(seed)] });
      await hasDialed(newcomer, [...network.nodes.map(({ id }) => id), router.id]);
      await newcomer.hasBlock();
      const at = router.snapshot().peers.find(({ id }) => id === newcomer.id);
      failIf(at?.direction !== 'inbound', `direction ${at?.direction ?? 'none'}`);
      return `it has dialed four validators and another node of ours, and has their blocks`;
    } finally {
      await Promise.all([newcomer.dispose(), seed.router.stop(), other?.router.stop()]);
    }
  },
};

/** How long to watch, and how many bytes to ask for. */
export interface Amounts {
  readonly seconds: number;
  readonly megabytes: number;
}

/** The checks that run beside each other: lists of those that follow each other. */
export const together = ({ seconds }: Amounts): readonly (readonly Check[])[] => [
  [
    {
      name: `one validator: its round steps, votes and block parts for ${seconds} s`,
      run: ({ validator }) => watchFor(seconds, validator, validator),
    },
  ],
  [
    {
      name: `four validators: their round steps, votes and block parts for ${seconds} s`,
      run: ({ network }) => watchFor(seconds, network, network.nodes[0]),
    },
  ],
  [
    dialIt,
    gossipTransactions(
      'one validator: its transaction reaches us, and ours is in a block',
      ({ validator }) => [validator, validator],
    ),
    gossipTransactions(
      'four validators: a transaction at another node reaches us, and ours is read there',
      ({ network: { nodes } }) => [nodes[0], nodes[2]],
    ),
    fetchBlock,
    wrongNetwork,
    wrongId,
    duplicate,
    learnPeers,
    teachPeers,
  ],
];

/** The checks after those, one after the other. */
export const inTurn = ({ megabytes }: Amounts): readonly Check[] => [
  restarts,
  {
    name: `${megabytes} MB of block-sync answers arrive intact`,
    run: ({ validator }) => fetchBlocks(validator, megabytes * 1_000_000),
  },
];
