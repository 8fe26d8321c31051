import type { NodeId } from '../model/id.ts';

/** How many peers that have left are remembered; the one that left first is forgotten first. */
const departedMax = 1_024;

/**
 * The IP addresses that peers have left from. Reports may arrive when their peer has hung up, and
 * been forgotten.
 */
export class LastIps {
  /** From the first to the last that has left. */
  readonly #ips = new Map<NodeId, string>();

  left(id: NodeId, ip: string): void {
    this.#ips.delete(id);
    this.#ips.set(id, ip);
    if (this.#ips.size <= departedMax) return;
    const [first] = this.#ips.keys();
    if (first !== undefined) this.#ips.delete(first);
  }

  of(id: NodeId): string | undefined {
    return this.#ips.get(id);
  }
}
