import { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';

/**
 * A node never becomes its own peer.
 *
 * @throws {RxmeshError} `RXMESH_SELF_CONNECTION`
 */
export function refuseSelf(self: NodeId, id: NodeId): void {
  if (id !== self) return;
  throw new RxmeshError('RXMESH_SELF_CONNECTION', 'the peer is this node itself', { peer: id });
}
