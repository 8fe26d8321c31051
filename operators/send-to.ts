import { map, type OperatorFunction } from 'rxjs';
import { mistaken } from '../lib/model/check-function.ts';
import type { DirectEnvelope } from '../lib/model/envelope.ts';
import type { NodeId } from '../lib/model/id.ts';

/**
 * Addresses each value to one peer: always the same one, or the one that a function chooses.
 *
 *     in   -a-b-|
 *          sendTo(peer)
 *     out  -A-B-|          A: { to: peer, message: a }
 *
 * The function gets each value and its number, from 0. So this gives two workers every other message:
 *
 *     const workers = ['…', '…'] as const;
 *     source$.pipe(sendTo((_, i) => workers[i % 2 === 0 ? 0 : 1]), pipeTo(channel)).subscribe();
 *
 * A peer that is not connected is a drop when the envelope is sent, not an error. What the function throws is the
 * error of the result. Carries demand.
 *
 * @throws {TypeError} for a peer that is neither an ID nor a function
 */
export function sendTo<T>(
  peer: NodeId | ((message: T, index: number) => NodeId),
): OperatorFunction<T, DirectEnvelope<T>> {
  if (typeof peer === 'string') return map((message) => ({ to: peer, message }));
  if (typeof peer !== 'function') throw mistaken('sendTo: peer', 'a node ID or a function', peer);
  return map((message, index) => ({ to: peer(message, index), message }));
}
