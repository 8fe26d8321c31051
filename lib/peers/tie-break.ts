import type { Direction } from '../model/direction.ts';
import type { NodeId } from '../model/id.ts';

/**
 * Whether this node keeps the link of `direction` when it has two links with `peer`. The link that
 * the node with the lower ID dialed survives.
 *
 * Both sides agree without a message: a link that is outbound here is inbound there, and `self` and
 * `peer` are swapped too, so both ends give the same answer for the same link. IDs are lower-case
 * hex of equal length, so comparing the texts compares the bytes.
 */
export function prefers(self: NodeId, peer: NodeId, direction: Direction): boolean {
  return (direction === 'outbound') === self < peer;
}
