import type { NodeId } from './id.ts';

/** A message that has arrived, and who sent it. */
export interface InboundEnvelope<T> {
  readonly from: NodeId;
  readonly message: T;
}

/** A message to one peer. */
export interface DirectEnvelope<T> {
  readonly to: NodeId;
  readonly message: T;
  readonly broadcast?: never;
  readonly except?: never;
}

/** A message to all peers that are connected and have the channel open. */
export interface BroadcastEnvelope<T> {
  readonly broadcast: true;
  /** Peers that are left out, such as the one that the message came from. */
  readonly except?: NodeId | readonly NodeId[];
  readonly message: T;
  readonly to?: never;
}

/** A message to send: to one peer, or to all. */
export type OutboundEnvelope<T> = DirectEnvelope<T> | BroadcastEnvelope<T>;
