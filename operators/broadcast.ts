import { map, type OperatorFunction } from 'rxjs';
import { checkOptionNames } from '../lib/model/check-option-names.ts';
import { mistaken } from '../lib/model/check-function.ts';
import type { BroadcastEnvelope } from '../lib/model/envelope.ts';
import { isNodeId, type NodeId } from '../lib/model/id.ts';

/** Options of `broadcast`. */
export interface BroadcastOptions {
  /** A peer to leave out, or a list of them. Default: none. */
  readonly except?: NodeId | readonly NodeId[];
}

/**
 * Addresses each value to all peers that are connected and have the channel open.
 *
 *     in   --a--b--|
 *          broadcast()
 *     out  --A--B--|          A: { broadcast: true, message: a }
 *
 * `pipeTo` sends the envelopes as fast as the lanes accept them. `out` never waits:
 *
 *     source$.pipe(broadcast(), pipeTo(channel)).subscribe();
 *     source$.pipe(broadcast({ except: to })).subscribe(channel.out);
 *
 * To forward a peer's message to all other peers, use `relay`. Applied to a flow, it carries
 * demand.
 *
 * @throws {TypeError} for an unknown option, or an `except` that is neither a node ID nor a list of
 *   them
 */
export function broadcast<T>(
  options: BroadcastOptions = {},
): OperatorFunction<T, BroadcastEnvelope<T>> {
  checkOptionNames('broadcast', options, ['except']);
  const { except } = options;
  if (except === undefined) return map((message) => ({ broadcast: true, message }));
  if (!isPeers(except)) throw mistaken('broadcast: except', 'a node ID or a list of them', except);
  return map((message) => ({ broadcast: true, except, message }));
}

const isPeer = (given: unknown): boolean => typeof given === 'string' && isNodeId(given);

const isPeers = (given: unknown): boolean =>
  isPeer(given) || (Array.isArray(given) && given.every(isPeer));
