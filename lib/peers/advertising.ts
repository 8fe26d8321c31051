import type { NodeAddress } from '../model/address.ts';

/** How often the best remaining peer is picked; otherwise it is a random one. */
const shareOfBest = 0.9;

/**
 * Picks at most `limit` addresses to advertise, peer by peer: usually the best remaining peer, now
 * and then a random one, so that peers about which little is known are advertised too.
 *
 * @param peers those that may be advertised, the best one first
 * @param addressesOf the addresses of a peer that may be advertised
 */
export function pickAddresses<P>(
  peers: readonly P[],
  addressesOf: (peer: P) => readonly NodeAddress[],
  limit: number,
  random: () => number,
): readonly NodeAddress[] {
  const left = [...peers];
  const picked: NodeAddress[] = [];
  while (left.length > 0 && picked.length < limit) {
    const nth = random() < shareOfBest ? 0 : Math.floor(random() * left.length);
    for (const peer of left.splice(nth, 1)) {
      picked.push(...addressesOf(peer).slice(0, limit - picked.length));
    }
  }
  return picked;
}
