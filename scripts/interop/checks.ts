import { dropOldest, Identity } from 'rxmesh';
import { ofKind, reply } from 'rxmesh/operators';
import {
  blockSync,
  comet,
  consensusData,
  consensusState,
  consensusVotes,
  mempool,
  peerExchange,
} from 'rxmesh/transports/comet';
import { dialFailure, type Node, nodeFor, until } from './node.ts';
import type { Validator } from './validator.ts';

interface NetInfo {
  readonly peers: readonly {
    readonly node_info: { readonly id: string; readonly moniker: string };
  }[];
}

/** Something that must hold with a running validator. Returns what it saw, in a few words. */
export interface Check {
  readonly name: string;
  readonly run: (validator: Validator) => Promise<string>;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

function failIf(condition: boolean, what: string): void {
  if (condition) throw new Error(what);
}

/** Runs `work` with a node of ours that is connected, and stops it. */
async function connected<T>(
  validator: Validator,
  work: (node: Node) => Promise<T>,
  prepare: (node: Node) => void = () => undefined,
): Promise<T> {
  const node = await nodeFor(validator.chainId, { peers: { persistent: [validator.address] } });
  prepare(node);
  try {
    if (node.router.snapshot().channels.length === 0) node.router.openChannel(peerExchange);
    await node.router.start();
    await until(
      `the validator is up (${JSON.stringify(node.events.map(({ type }) => type))})`,
      () => node.router.snapshot().peers.length > 0,
    );
    return await work(node);
  } finally {
    await node.router.stop();
  }
}

async function isListed(validator: Validator, node: Node): Promise<boolean> {
  const { peers } = await validator.rpc<NetInfo>('net_info');
  return peers.some(({ node_info: { id } }) => id === node.router.id);
}

const dialIt: Check = {
  name: 'we dial it, and it lists us in net_info',
  run: (validator) =>
    connected(validator, async (node) => {
      await until('it lists us', () => isListed(validator, node));
      await until('our ping is answered', () => {
        return node.router.snapshot().peers[0]?.roundTripMs !== undefined;
      });
      const [peer] = node.router.snapshot().peers;
      return `${peer?.moniker ?? ''}, ping ${peer?.roundTripMs?.toFixed(1) ?? ''} ms`;
    }),
};

/** What a watcher of consensus has heard. */
interface Heard {
  readonly heights: number[];
  readonly votes: { readonly height: number; readonly type: number; readonly address: string }[];
  readonly partBytes: number[];
}

/** Opens the channels of consensus, and tells each peer that we are where it is. */
function watch({ router }: Node): Heard {
  const heard: Heard = { heights: [], votes: [], partBytes: [] };
  const steps = router.openChannel({ ...consensusState, inbound: dropOldest(1_024) });
  const step$ = steps.in$.pipe(ofKind('newRoundStep'));
  step$.pipe(reply((step) => step)).subscribe(steps.out);
  step$.subscribe(({ message }) => {
    if (heard.heights.at(-1) !== message.height) heard.heights.push(message.height);
  });
  router.openChannel(consensusVotes).in$.subscribe(({ message: { vote } }) => {
    if (vote === undefined) return;
    const { height, type, validatorAddress } = vote;
    heard.votes.push({ height, type, address: hex(validatorAddress) });
  });
  router
    .openChannel(consensusData)
    .in$.pipe(ofKind('blockPart'))
    .subscribe(({ message: { part } }) => heard.partBytes.push(part?.bytes.length ?? 0));
  return heard;
}

const watchIt = (seconds: number): Check => ({
  name: `we receive its round steps, votes and block parts for ${seconds} s, in order`,
  run: async (validator) => {
    let heard: Heard | undefined;
    const work = async (node: Node): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      const { heights = [], votes = [], partBytes = [] } = heard ?? {};
      const isInOrder = heights.every(
        (height, at) => at === 0 || height === (heights[at - 1] ?? 0) + 1,
      );
      failIf(!isInOrder || heights.length < seconds / 4, `heights ${heights.join(' ')}`);
      const { validators } = await validator.rpc<{ validators: { address: string }[] }>(
        'validators',
      );
      const [own] = validators;
      const strangers = votes.filter(({ address }) => address !== own?.address);
      failIf(strangers.length > 0, `votes of ${strangers.map((vote) => vote.address).join()}`);
      const count = (type: number): number => votes.filter((vote) => vote.type === type).length;
      // v1 mostly has moved on before it sends a prevote.
      failIf(count(2) === 0, 'no precommit');
      failIf(partBytes.length === 0 || partBytes.includes(0), 'no block parts');
      const bad = node.events.filter(({ type }) => type === 'message-dropped');
      failIf(bad.length > 0, `dropped: ${JSON.stringify(bad[0])}`);
      const range = `heights ${heights[0] ?? 0} to ${heights.at(-1) ?? 0}`;
      return `${range}, ${count(1)} prevotes, ${count(2)} precommits, ${partBytes.length} block parts`;
    };
    return connected(validator, work, (node) => (heard = watch(node)));
  },
});

const gossipTransactions: Check = {
  name: 'a transaction given to it reaches us, and one of ours is in a block',
  run: async (validator) => {
    const heard: string[] = [];
    const prepare = (node: Node): void => {
      watch(node);
      const pool = node.router.openChannel(mempool);
      pool.in$.subscribe(({ message: { txs } }) => heard.push(...txs.map(text)));
      node.router.peers$.subscribe(({ status, id }) => {
        if (status !== 'up') return;
        const tx = Buffer.from(`ours=${node.router.id.slice(0, 8)}`);
        pool.out.next({ to: id, message: { kind: 'txs', txs: [new Uint8Array(tx)] } });
      });
    };
    const work = async (node: Node): Promise<string> => {
      const theirs = `theirs=${node.router.id.slice(0, 8)}`;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await validator.rpc(`broadcast_tx_sync?tx="${theirs}"`);
      await until('its transaction reaches us', () => heard.includes(theirs));
      await until('our transaction is in a block', async () => {
        type Answer = { response: { value: string | null } };
        const { response } = await validator.rpc<Answer>('abci_query?data="ours"');
        const value = Buffer.from(response.value ?? '', 'base64').toString();
        return value === node.router.id.slice(0, 8);
      });
      return `heard ${theirs}`;
    };
    return connected(validator, work, prepare);
  },
};

const fetchBlock: Check = {
  name: 'it sends us a block that we ask for, decoded',
  run: async (validator) => {
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
    run: async (validator) => {
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
  run: async (validator) => {
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

const dialUs: Check = {
  name: 'we survive its restart; it dials us, and we accept',
  run: async (validator) => {
    // Dials nobody: the listener is known to the validator alone.
    const listener = await nodeFor(validator.chainId);
    const dialer = await nodeFor(validator.chainId, {
      transports: [comet()],
      peers: { persistent: [validator.address], disconnectCooldownMs: 0, retryJitterMs: 100 },
    });
    for (const { router } of [listener, dialer]) router.openChannel(peerExchange);
    try {
      await Promise.all([listener.router.start(), dialer.router.start()]);
      await until('it is up', () => dialer.router.snapshot().peers.length === 1);
      const [address = ''] = listener.router.addresses;
      await validator.stop();
      await until('we notice', () => dialer.events.some(({ type }) => type === 'peer-down'));
      await validator.start([address.replace('tcp://', '')]);
      await until('it has dialed us', () => listener.router.snapshot().peers.length === 1);
      await until('we have dialed it again', () => dialer.router.snapshot().peers.length === 1);
      await until('it lists us', () => isListed(validator, listener));
      const [peer] = listener.router.snapshot().peers;
      failIf(peer?.direction !== 'inbound', `direction ${peer?.direction ?? ''}`);
      return 'up again in both directions';
    } finally {
      await Promise.all([listener.router.stop(), dialer.router.stop()]);
    }
  },
};

const exchangePeers: Check = {
  name: 'it answers our question for peers',
  run: async (validator) => {
    let addrs: number | undefined;
    const prepare = ({ router }: Node): void => {
      const pex = router.openChannel(peerExchange);
      pex.in$.pipe(ofKind('pexAddrs')).subscribe(({ message }) => (addrs = message.addrs.length));
      router.peers$.subscribe(({ status, id }) => {
        if (status === 'up') pex.out.next({ to: id, message: { kind: 'pexRequest' } });
      });
    };
    return connected(
      validator,
      async () => {
        await until('it answers', () => addrs !== undefined);
        return `${addrs ?? 0} addresses`;
      },
      prepare,
    );
  },
};

/** All checks, in order. */
export const checks = (seconds: number): readonly Check[] => [
  dialIt,
  watchIt(seconds),
  gossipTransactions,
  fetchBlock,
  exchangePeers,
  wrongNetwork,
  wrongId,
  duplicate,
  dialUs,
];
