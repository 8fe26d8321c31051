/**
 * The channels of CometBFT's reactors, with codecs for their messages.
 *
 *     const steps = router.openChannel(consensusState);
 *     steps.in$.pipe(ofKind('newRoundStep')).subscribe(({ message }) => show(message.height));
 */
export {
  blockSync,
  consensusData,
  consensusState,
  consensusVotes,
  evidence,
  mempool,
  peerExchange,
  snapshotChunks,
  snapshots,
  voteSetBits,
} from './channels.ts';
export type * from './channels.ts';
export { cometDialect } from './dialect.ts';
export type { OneOf, ReactorCodec } from './message.ts';
export type {
  BitArray,
  Block,
  BlockId,
  Commit,
  CommitSig,
  Data,
  Header,
  Part,
  PartSetHeader,
  Proof,
  Proposal,
  SignedMessageType,
  Timestamp,
  Vote,
} from './types.ts';
