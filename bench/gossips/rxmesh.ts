import { type Codec, type Router } from 'rxmesh';
import { type Gossip, gossip } from 'rxmesh/gossip';
import { type Medium, overWebSocket } from '../contestants/rxmesh.ts';
import { over } from '../contestants/rxmesh-libp2p.ts';
import { routerFor } from '../contestants/rxmesh-nodes.ts';
import type { GossipContestant } from './contestant.ts';

/** Items are encoded and decoded by the measure. */
const asTheyAre: Codec<Uint8Array> = { encode: (item) => item, decode: (bytes) => bytes };

/** A contestant whose nodes stand on this medium. */
function rxmeshOn(name: string, medium: Medium): GossipContestant {
  return {
    name,
    async start({ links, signed }, take) {
      const addresses: string[] = [];
      const nodes: { readonly router: Router; readonly news: Gossip<Uint8Array> }[] = [];
      for (const [node, earlier] of links.entries()) {
        const { identity, transport, address } = await medium(true);
        const router = routerFor(
          identity,
          transport,
          earlier.map((at) => addresses[at] ?? ''),
        );
        const news = gossip(router, { id: 1, codec: asTheyAre, identity, signed });
        news.in$.subscribe(({ message }) => take(node, message));
        await router.start();
        addresses.push(address(router));
        nodes.push({ router, news });
      }
      return (item) => nodes[0]?.news.publish(item);
    },
  };
}

/** rxmesh's gossip over encrypted WebSockets. */
export const rxmesh: GossipContestant = rxmeshOn('rxmesh', overWebSocket);

/** The same over libp2p nodes as those of gossipsub, with Noise as the only encryption. */
export const rxmeshLibp2p: GossipContestant = rxmeshOn('rxmesh over libp2p', over(true));
