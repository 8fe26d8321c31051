import {
  bool,
  bytes,
  codecOf,
  int32,
  int64,
  list,
  message,
  type MessageType,
  type OneOf,
  oneofCodec,
  type ReactorCodec,
  text,
  uint32,
} from './message.ts';
import {
  bitArray,
  type BitArray,
  block,
  type Block,
  blockId,
  type BlockId,
  part,
  type Part,
  partSetHeader,
  type PartSetHeader,
  proposal,
  type Proposal,
  type SignedMessageType,
  timestamp,
  type Timestamp,
  vote,
  type Vote,
} from './types.ts';

/**
 * A channel of CometBFT: options for `openChannel`, with CometBFT's priority and limit.
 *
 *     const steps = router.openChannel({ ...consensusState, inbound: dropOldest(256) });
 */
export interface ReactorChannel<T> {
  readonly id: number;
  readonly codec: ReactorCodec<T>;
  readonly priority: number;
  readonly messageBytesMax: number;
}

/** A message without fields. */
export type Nothing = object;

const nothing: MessageType<Nothing> = message<Nothing>({});

/** Where a node may be reached. */
export interface NetAddress {
  readonly id: string;
  readonly ip: string;
  readonly port: number;
}

/** The messages of peer exchange. */
export interface PeerExchangeKinds {
  readonly pexRequest: Nothing;
  readonly pexAddrs: { readonly addrs: readonly NetAddress[] };
}

const netAddress: MessageType<NetAddress> = message({
  id: [1, text],
  ip: [2, text],
  port: [3, uint32],
});

/**
 * Peer exchange. A node that asks more often than about every ten seconds, or sends addresses that
 * it was not asked for, is disconnected.
 */
export const peerExchange: ReactorChannel<OneOf<PeerExchangeKinds>> = {
  id: 0x00,
  codec: oneofCodec<PeerExchangeKinds>({
    pexRequest: [1, nothing],
    pexAddrs: [2, message({ addrs: [1, list(netAddress)] })],
  }),
  priority: 1,
  messageBytesMax: 64_000,
};

/** Where a node is in consensus. */
export interface NewRoundStep {
  readonly height: number;
  readonly round: number;
  /** 1 new height, 2 new round, 3 propose, 4 and 5 prevote, 6 and 7 precommit, 8 commit. */
  readonly step: number;
  readonly secondsSinceStartTime: number;
  /** -1 at the first height. */
  readonly lastCommitRound: number;
}

/** A block has got the votes of two thirds. */
export interface NewValidBlock {
  readonly height: number;
  readonly round: number;
  readonly blockPartSetHeader?: PartSetHeader;
  readonly blockParts?: BitArray;
  readonly isCommit: boolean;
}

/** A node has a vote, and need not be sent it. */
export interface HasVote {
  readonly height: number;
  readonly round: number;
  readonly type: SignedMessageType;
  readonly index: number;
}

/** A node has seen the votes of two thirds for a block. */
export interface VoteSetMaj23 {
  readonly height: number;
  readonly round: number;
  readonly type: SignedMessageType;
  readonly blockId?: BlockId;
}

/** A node has a part of the proposed block. From v1 on. */
export interface HasProposalBlockPart {
  readonly height: number;
  readonly round: number;
  readonly index: number;
}

/** The messages about the state of consensus. */
export interface ConsensusStateKinds {
  readonly newRoundStep: NewRoundStep;
  readonly newValidBlock: NewValidBlock;
  readonly hasVote: HasVote;
  readonly voteSetMaj23: VoteSetMaj23;
  readonly hasProposalBlockPart: HasProposalBlockPart;
}

const consensusBytesMax = 1_048_576;

/**
 * Where each node is in consensus. A node gossips proposals, votes and transactions only to peers
 * whose own `newRoundStep` says that they are at its height.
 */
export const consensusState: ReactorChannel<OneOf<ConsensusStateKinds>> = {
  id: 0x20,
  codec: oneofCodec<ConsensusStateKinds>({
    newRoundStep: [
      1,
      message({
        height: [1, int64],
        round: [2, int32],
        step: [3, uint32],
        secondsSinceStartTime: [4, int64],
        lastCommitRound: [5, int32],
      }),
    ],
    newValidBlock: [
      2,
      message({
        height: [1, int64],
        round: [2, int32],
        blockPartSetHeader: [3, partSetHeader],
        blockParts: [4, bitArray],
        isCommit: [5, bool],
      }),
    ],
    hasVote: [
      7,
      message({ height: [1, int64], round: [2, int32], type: [3, int32], index: [4, int32] }),
    ],
    voteSetMaj23: [
      8,
      message({ height: [1, int64], round: [2, int32], type: [3, int32], blockId: [4, blockId] }),
    ],
    hasProposalBlockPart: [
      10,
      message({ height: [1, int64], round: [2, int32], index: [3, int32] }),
    ],
  }),
  priority: 6,
  messageBytesMax: consensusBytesMax,
};

/** A part of the proposed block. */
export interface BlockPart {
  readonly height: number;
  readonly round: number;
  readonly part?: Part;
}

/** The prevotes that a proposal refers to. */
export interface ProposalPol {
  readonly height: number;
  readonly proposalPolRound: number;
  readonly proposalPol?: BitArray;
}

/** The messages that carry proposed blocks. */
export interface ConsensusDataKinds {
  readonly proposal: { readonly proposal?: Proposal };
  readonly proposalPol: ProposalPol;
  readonly blockPart: BlockPart;
}

/** Proposals, and the blocks proposed, in parts of 64 KiB. */
export const consensusData: ReactorChannel<OneOf<ConsensusDataKinds>> = {
  id: 0x21,
  codec: oneofCodec<ConsensusDataKinds>({
    proposal: [3, message({ proposal: [1, proposal] })],
    proposalPol: [
      4,
      message({ height: [1, int64], proposalPolRound: [2, int32], proposalPol: [3, bitArray] }),
    ],
    blockPart: [5, message({ height: [1, int64], round: [2, int32], part: [3, part] })],
  }),
  priority: 10,
  messageBytesMax: consensusBytesMax,
};

/** The messages that carry votes. */
export interface ConsensusVoteKinds {
  readonly vote: { readonly vote?: Vote };
}

/** Votes. */
export const consensusVotes: ReactorChannel<OneOf<ConsensusVoteKinds>> = {
  id: 0x22,
  codec: oneofCodec<ConsensusVoteKinds>({ vote: [6, message({ vote: [1, vote] })] }),
  priority: 7,
  messageBytesMax: consensusBytesMax,
};

/** The votes that a node has, in answer to `voteSetMaj23`. */
export interface VoteSetBits {
  readonly height: number;
  readonly round: number;
  readonly type: SignedMessageType;
  readonly blockId?: BlockId;
  readonly votes?: BitArray;
}

/** Which votes each node has. */
export const voteSetBits: ReactorChannel<OneOf<{ readonly voteSetBits: VoteSetBits }>> = {
  id: 0x23,
  codec: oneofCodec<{ readonly voteSetBits: VoteSetBits }>({
    voteSetBits: [
      9,
      message({
        height: [1, int64],
        round: [2, int32],
        type: [3, int32],
        blockId: [4, blockId],
        votes: [5, bitArray],
      }),
    ],
  }),
  priority: 1,
  messageBytesMax: consensusBytesMax,
};

/** The message of the mempool. */
export interface MempoolKinds {
  readonly txs: { readonly txs: readonly Uint8Array[] };
}

/** Transactions that wait for a block. What a node accepts here, it gossips on. */
export const mempool: ReactorChannel<OneOf<MempoolKinds>> = {
  id: 0x30,
  codec: oneofCodec<MempoolKinds>({ txs: [1, message({ txs: [1, list(bytes)] })] }),
  priority: 5,
  messageBytesMax: 4_194_304,
};

/** Two votes of one validator that exclude each other. */
export interface DuplicateVoteEvidence {
  readonly voteA?: Vote;
  readonly voteB?: Vote;
  readonly totalVotingPower: number;
  readonly validatorPower: number;
  readonly timestamp?: Timestamp;
}

/** An attack on light clients. */
export interface LightClientAttackEvidence {
  /** An encoded `LightBlock`. */
  readonly conflictingBlock: Uint8Array;
  readonly commonHeight: number;
  /** Encoded `Validator`s. */
  readonly byzantineValidators: readonly Uint8Array[];
  readonly totalVotingPower: number;
  readonly timestamp?: Timestamp;
}

/** Evidence of misbehaviour: one of the two. */
export interface Evidence {
  readonly duplicateVote?: DuplicateVoteEvidence;
  readonly lightClientAttack?: LightClientAttackEvidence;
}

/** What the evidence channel carries. */
export interface EvidenceList {
  readonly evidence: readonly Evidence[];
}

const duplicateVote: MessageType<DuplicateVoteEvidence> = message({
  voteA: [1, vote],
  voteB: [2, vote],
  totalVotingPower: [3, int64],
  validatorPower: [4, int64],
  timestamp: [5, timestamp],
});
const lightClientAttack: MessageType<LightClientAttackEvidence> = message({
  conflictingBlock: [1, bytes],
  commonHeight: [2, int64],
  byzantineValidators: [3, list(bytes)],
  totalVotingPower: [4, int64],
  timestamp: [5, timestamp],
});
const oneEvidence: MessageType<Evidence> = message({
  duplicateVote: [1, duplicateVote],
  lightClientAttack: [2, lightClientAttack],
});

/** Evidence of misbehaving validators. */
export const evidence: ReactorChannel<EvidenceList> = {
  id: 0x38,
  codec: codecOf<EvidenceList>(message({ evidence: [1, list(oneEvidence)] })),
  priority: 6,
  messageBytesMax: consensusBytesMax,
};

/** The messages of block sync. */
export interface BlockSyncKinds {
  readonly blockRequest: { readonly height: number };
  readonly noBlockResponse: { readonly height: number };
  readonly blockResponse: BlockResponse;
  readonly statusRequest: Nothing;
  readonly statusResponse: { readonly height: number; readonly base: number };
}

/** A block that was asked for. */
export interface BlockResponse {
  readonly block?: Block;
  /** An encoded `ExtendedCommit`, if votes have extensions. */
  readonly extCommit: Uint8Array;
}

const height: MessageType<{ readonly height: number }> = message({ height: [1, int64] });

/** Blocks of the past, for nodes that catch up. */
export const blockSync: ReactorChannel<OneOf<BlockSyncKinds>> = {
  id: 0x40,
  codec: oneofCodec<BlockSyncKinds>({
    blockRequest: [1, height],
    noBlockResponse: [2, height],
    blockResponse: [3, message({ block: [1, block], extCommit: [2, bytes] })],
    statusRequest: [4, nothing],
    statusResponse: [5, message({ height: [1, int64], base: [2, int64] })],
  }),
  priority: 5,
  messageBytesMax: 22_020_096,
};

/** A snapshot of the application's state. */
export interface SnapshotsResponse {
  readonly height: number;
  readonly format: number;
  readonly chunks: number;
  readonly hash: Uint8Array;
  readonly metadata: Uint8Array;
}

/** The messages about snapshots. */
export interface SnapshotKinds {
  readonly snapshotsRequest: Nothing;
  readonly snapshotsResponse: SnapshotsResponse;
}

/** Which snapshots of the application's state a node has. */
export const snapshots: ReactorChannel<OneOf<SnapshotKinds>> = {
  id: 0x60,
  codec: oneofCodec<SnapshotKinds>({
    snapshotsRequest: [1, nothing],
    snapshotsResponse: [
      2,
      message({
        height: [1, int64],
        format: [2, uint32],
        chunks: [3, uint32],
        hash: [4, bytes],
        metadata: [5, bytes],
      }),
    ],
  }),
  priority: 5,
  messageBytesMax: 4_000_000,
};

/** The messages that carry a snapshot. */
export interface SnapshotChunkKinds {
  readonly chunkRequest: {
    readonly height: number;
    readonly format: number;
    readonly index: number;
  };
  readonly chunkResponse: {
    readonly height: number;
    readonly format: number;
    readonly index: number;
    readonly chunk: Uint8Array;
    readonly missing: boolean;
  };
}

/** Snapshots, in chunks. */
export const snapshotChunks: ReactorChannel<OneOf<SnapshotChunkKinds>> = {
  id: 0x61,
  codec: oneofCodec<SnapshotChunkKinds>({
    chunkRequest: [3, message({ height: [1, int64], format: [2, uint32], index: [3, uint32] })],
    chunkResponse: [
      4,
      message({
        height: [1, int64],
        format: [2, uint32],
        index: [3, uint32],
        chunk: [4, bytes],
        missing: [5, bool],
      }),
    ],
  }),
  priority: 3,
  messageBytesMax: 16_000_000,
};
