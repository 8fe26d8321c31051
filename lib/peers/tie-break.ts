import type { Direction } from '../model/direction.ts';
import type { NodeId } from '../model/id.ts';

/**
 * Whether, of two links between `self` and `peer`, this node keeps the one of `direction`: the link
 * that the node with the lower id dialed stands, the other one goes.
 *
 * Both sides agree without a word: what is outbound here is inbound there, and `self` and `peer`
 * change places too, so the two changes cancel out and both ends give the same answer for the same
 * link. Ids are lower-case hex of one length, so that comparing texts compares the bytes.
 */
export function prefers(self: NodeId, peer: NodeId, direction: Direction): boolean {
  return (direction === 'outbound') === self < peer;
}
