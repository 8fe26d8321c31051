/** Who is linked to whom: each node to about eight others, or all to the publisher. */
export type Shape = 'mesh' | 'star';

/**
 * Links between nodes, the same ones for all contestants. In a mesh, they go to the next node on a
 * ring, and across it.
 *
 * @returns for each node, which earlier nodes it dials
 */
export function linksAmong(nodes: number, shape: Shape): readonly (readonly number[])[] {
  const links = Array.from({ length: nodes }, () => new Set<number>());
  if (shape === 'star') return links.map((_, node) => (node === 0 ? [] : [0]));
  for (let node = 0; node < nodes; node += 1) {
    for (const distance of distancesAmong(nodes)) {
      const other = (node + distance) % nodes;
      if (other !== node) links[Math.max(node, other)]?.add(Math.min(node, other));
    }
  }
  return links.map((earlier) => [...earlier]);
}

/** How many neighbours a node of a mesh reaches in one direction of the ring. */
const ways = [1, 2, 3, 4];

function distancesAmong(nodes: number): readonly number[] {
  const half = (nodes - 1) / 2;
  return ways.map((nth) => Math.max(nth, Math.floor(half * (nth / ways.length) ** 2)));
}
