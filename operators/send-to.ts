import { map, type OperatorFunction } from 'rxjs';
import { mistaken } from '../lib/model/check-function.ts';
import type { DirectEnvelope } from '../lib/model/envelope.ts';
import type { NodeId } from '../lib/model/id.ts';

/**
 * Addresses each value to one peer: a fixed one, or one chosen by a function.
 *
 *     in   --a--b--|
 *          sendTo(peer)
 *     out  --A--B--|          A: { to: peer, message: a }
 *
 * The function is called with each value and its index, from 0:
 *
 *     const owners = new Map<string, NodeId>();
 *     source$.pipe(sendTo((text) => owners.get(text) ?? to), pipeTo(channel)).subscribe();
 *
 * Sending to a peer that is not connected is a drop, not an error. A string that is not a node ID
 * passes, and the channel refuses it (`RXMESH_NODE_ID_INVALID`). An exception from the function
 * becomes the error of the result. Applied to a flow, it carries demand.
 *
 * @throws {TypeError} if `peer` is neither a string nor a function
 */
export function sendTo<T>(
  peer: NodeId | ((message: T, index: number) => NodeId),
): OperatorFunction<T, DirectEnvelope<T>> {
  if (typeof peer === 'string') return map((message) => ({ to: peer, message }));
  if (typeof peer !== 'function') throw mistaken('sendTo: peer', 'a node ID or a function', peer);
  return map((message, index) => ({ to: peer(message, index), message }));
}
