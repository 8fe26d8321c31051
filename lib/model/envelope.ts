import { mistaken } from './check-function.ts';
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

/**
 * Refuses what is no envelope at all, such as a bare message. The caller may be plain JavaScript.
 * @throws {TypeError} `send: the envelope must be { to, message } or { broadcast: true, message },
 *   got undefined`
 */
export function checkEnvelope(method: string, envelope: unknown): void {
  if (typeof envelope === 'object' && envelope !== null) return;
  const what = '{ to, message } or { broadcast: true, message }';
  throw mistaken(`${method}: the envelope`, what, envelope);
}
