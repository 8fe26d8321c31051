import { Observable } from 'rxjs';
import type { NodeAddress } from '../../lib/model/address.ts';
import { ed25519KeyOf } from './peer-key.ts';
import { nodeAddress } from './multiaddr.ts';
import type { Libp2pAddress, Libp2pEvent, Libp2pNode, Libp2pPeerId } from './node.ts';
import { nodeIdFromPublicKey } from '../../lib/model/id.ts';

/**
 * The addresses of peers that the discovery services of a libp2p node find: bootstrap, mDNS, a DHT.
 * For networks whose routers and libp2p nodes share their keys (`sameKey`), since the node ID is
 * that of the peer ID's key. Peers with other kinds of keys are left out, and so are addresses that
 * rxmesh cannot use. Never completes.
 *
 *     discovered(libp2pNode).subscribe((address) => router.peers.add(address));
 *
 * A peer that is found may not speak rxmesh. Then dialing it fails, and the peer manager backs off.
 */
export function discovered(node: Libp2pNode): Observable<NodeAddress> {
  return new Observable((subscriber) => {
    const found = ({ detail }: Libp2pEvent): void => {
      for (const address of addressesOf(detail as Found)) subscriber.next(address);
    };
    node.addEventListener('peer:discovery', found);
    return () => node.removeEventListener('peer:discovery', found);
  });
}

/** What `peer:discovery` tells. */
interface Found {
  readonly id: Libp2pPeerId;
  readonly multiaddrs: readonly Libp2pAddress[];
}

function addressesOf({ id, multiaddrs }: Found): readonly NodeAddress[] {
  const key = ed25519KeyOf(id);
  if (key === undefined) return [];
  const peer = `/p2p/${id.toString()}`;
  const nodeId = nodeIdFromPublicKey(key);
  return multiaddrs.map(String).flatMap((text) => {
    try {
      return [nodeAddress(text.endsWith(peer) ? text : text + peer, nodeId)];
    } catch {
      // Anybody can announce anything.
      return [];
    }
  });
}
