import { mistaken } from './check-function.ts';
import type { NodeId } from './id.ts';

/** A received message and its sender. */
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

/** A message to all connected peers that have the channel open. */
export interface BroadcastEnvelope<T> {
  readonly broadcast: true;
  /** Peers to leave out, such as the one that sent the message. */
  readonly except?: NodeId | readonly NodeId[];
  readonly message: T;
  readonly to?: never;
}

/** A message to send to one peer or to all. */
export type OutboundEnvelope<T> = DirectEnvelope<T> | BroadcastEnvelope<T>;

/**
 * Rejects anything that is not an object, such as a bare message. The caller may be plain
 * JavaScript.
 * @throws {TypeError} `send: the envelope must be { to, message } or { broadcast: true, message },
 *   got undefined`
 */
export function checkEnvelope(method: string, envelope: unknown): void {
  if (typeof envelope !== 'object' || envelope === null) throw notAnEnvelope(method, envelope);
}

function notAnEnvelope(method: string, envelope: unknown): TypeError {
  const what = '{ to, message } or { broadcast: true, message }';
  return mistaken(`${method}: the envelope`, what, envelope);
}
