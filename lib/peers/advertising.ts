import type { NodeAddress } from '../model/address.ts';

/** How often the best peer is picked that is left; else any of them. */
const shareOfBest = 0.9;

/**
 * Picks addresses to tell a peer, at most `limit`: peer after peer, mostly the best one that is
 * left. Now and then it is another one, so that peers are heard of, too, of which little is known.
 *
 * @param peers the addresses of each peer that may be told of, the best first
 */
export function pickAddresses(
  peers: readonly (readonly NodeAddress[])[],
  limit: number,
  random: () => number,
): readonly NodeAddress[] {
  const left = [...peers];
  const picked: NodeAddress[] = [];
  while (left.length > 0 && picked.length < limit) {
    const nth = random() < shareOfBest ? 0 : Math.floor(random() * left.length);
    const [addresses = []] = left.splice(nth, 1);
    picked.push(...addresses.slice(0, limit - picked.length));
  }
  return picked;
}
