import {
  bytes,
  int32,
  int64,
  list,
  message,
  type MessageType,
  text,
  uint32,
  words,
} from './message.ts';

/** What a vote is for: 1 is a prevote, 2 a precommit, 32 a proposal. */
export type SignedMessageType = number;

/** A moment, in UTC. */
export interface Timestamp {
  /** Since 1970. */
  readonly seconds: number;
  readonly nanos: number;
}

/** A set of numbers from 0, such as the validators that have voted. */
export interface BitArray {
  /** How many there are at most. */
  readonly bits: number;
  /** 64 of them in each, the lowest bit first. */
  readonly elems: readonly bigint[];
}

/** How a block is cut into parts, and the Merkle root of these. */
export interface PartSetHeader {
  readonly total: number;
  readonly hash: Uint8Array;
}

/** A block; with an empty hash, none. */
export interface BlockId {
  readonly hash: Uint8Array;
  readonly partSetHeader?: PartSetHeader;
}

/** A Merkle proof that a part belongs to its block. */
export interface Proof {
  readonly total: number;
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly aunts: readonly Uint8Array[];
}

/** A part of an encoded block. */
export interface Part {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly proof?: Proof;
}

/** A vote of a validator. */
export interface Vote {
  readonly type: SignedMessageType;
  readonly height: number;
  readonly round: number;
  /** What it votes for: no block, if the hash is empty. */
  readonly blockId?: BlockId;
  readonly timestamp?: Timestamp;
  readonly validatorAddress: Uint8Array;
  readonly validatorIndex: number;
  readonly signature: Uint8Array;
  readonly extension: Uint8Array;
  readonly extensionSignature: Uint8Array;
}

/** A proposal of the validator whose turn it is. */
export interface Proposal {
  readonly type: SignedMessageType;
  readonly height: number;
  readonly round: number;
  readonly polRound: number;
  readonly blockId?: BlockId;
  readonly timestamp?: Timestamp;
  readonly signature: Uint8Array;
}

/** The header of a block. */
export interface Header {
  readonly chainId: string;
  readonly height: number;
  readonly time?: Timestamp;
  readonly lastBlockId?: BlockId;
  readonly lastCommitHash: Uint8Array;
  readonly dataHash: Uint8Array;
  readonly validatorsHash: Uint8Array;
  readonly nextValidatorsHash: Uint8Array;
  readonly consensusHash: Uint8Array;
  readonly appHash: Uint8Array;
  readonly lastResultsHash: Uint8Array;
  readonly evidenceHash: Uint8Array;
  readonly proposerAddress: Uint8Array;
}

/** The transactions of a block. */
export interface Data {
  readonly txs: readonly Uint8Array[];
}

/** One validator's part in a commit. */
export interface CommitSig {
  /** 1: absent, 2: for the block, 3: for none. */
  readonly blockIdFlag: number;
  readonly validatorAddress: Uint8Array;
  readonly timestamp?: Timestamp;
  readonly signature: Uint8Array;
}

/** The precommits for a block. */
export interface Commit {
  readonly height: number;
  readonly round: number;
  readonly blockId?: BlockId;
  readonly signatures: readonly CommitSig[];
}

/** A block. */
export interface Block {
  readonly header?: Header;
  readonly data?: Data;
  /** An encoded `EvidenceList`. */
  readonly evidence: Uint8Array;
  /** For the block before this one. */
  readonly lastCommit?: Commit;
}

/** See `Timestamp`. */
export const timestamp: MessageType<Timestamp> = message({
  seconds: [1, int64],
  nanos: [2, int32],
});
/** See `BitArray`. */
export const bitArray: MessageType<BitArray> = message({ bits: [1, int64], elems: [2, words] });
/** See `PartSetHeader`. */
export const partSetHeader: MessageType<PartSetHeader> = message({
  total: [1, uint32],
  hash: [2, bytes],
});
/** See `BlockId`. */
export const blockId: MessageType<BlockId> = message({
  hash: [1, bytes],
  partSetHeader: [2, partSetHeader],
});
const proof: MessageType<Proof> = message({
  total: [1, int64],
  index: [2, int64],
  leafHash: [3, bytes],
  aunts: [4, list(bytes)],
});
/** See `Part`. */
export const part: MessageType<Part> = message({
  index: [1, uint32],
  bytes: [2, bytes],
  proof: [3, proof],
});
/** See `Vote`. */
export const vote: MessageType<Vote> = message({
  type: [1, int32],
  height: [2, int64],
  round: [3, int32],
  blockId: [4, blockId],
  timestamp: [5, timestamp],
  validatorAddress: [6, bytes],
  validatorIndex: [7, int32],
  signature: [8, bytes],
  extension: [9, bytes],
  extensionSignature: [10, bytes],
});
/** See `Proposal`. */
export const proposal: MessageType<Proposal> = message({
  type: [1, int32],
  height: [2, int64],
  round: [3, int32],
  polRound: [4, int32],
  blockId: [5, blockId],
  timestamp: [6, timestamp],
  signature: [7, bytes],
});
/** Field 1, the versions, is left out. */
const header: MessageType<Header> = message({
  chainId: [2, text],
  height: [3, int64],
  time: [4, timestamp],
  lastBlockId: [5, blockId],
  lastCommitHash: [6, bytes],
  dataHash: [7, bytes],
  validatorsHash: [8, bytes],
  nextValidatorsHash: [9, bytes],
  consensusHash: [10, bytes],
  appHash: [11, bytes],
  lastResultsHash: [12, bytes],
  evidenceHash: [13, bytes],
  proposerAddress: [14, bytes],
});
const data: MessageType<Data> = message({ txs: [1, list(bytes)] });
const commitSig: MessageType<CommitSig> = message({
  blockIdFlag: [1, int32],
  validatorAddress: [2, bytes],
  timestamp: [3, timestamp],
  signature: [4, bytes],
});
const commit: MessageType<Commit> = message({
  height: [1, int64],
  round: [2, int32],
  blockId: [3, blockId],
  signatures: [4, list(commitSig)],
});
/** See `Block`. */
export const block: MessageType<Block> = message({
  header: [1, header],
  data: [2, data],
  evidence: [3, bytes],
  lastCommit: [4, commit],
});
