import type { KnownPeer } from './known-peer.ts';

/**
 * Counts peers by host. Each peer counts for one host at most, and a host without peers is
 * forgotten: there is no limit to how many may come and go.
 */
export class HostCounts {
  readonly #hosts = new Map<KnownPeer, string>();
  readonly #counts = new Map<string, number>();

  /** How many hosts have peers. */
  get size(): number {
    return this.#counts.size;
  }

  of(host: string): number {
    return this.#counts.get(host) ?? 0;
  }

  /** Counts a peer for this host, and no longer for another; `undefined`: for none. */
  set(peer: KnownPeer, host: string | undefined): void {
    const before = this.#hosts.get(peer);
    if (before === host) return;
    if (before !== undefined) {
      this.#hosts.delete(peer);
      const count = this.of(before) - 1;
      if (count > 0) this.#counts.set(before, count);
      else this.#counts.delete(before);
    }
    if (host === undefined) return;
    this.#hosts.set(peer, host);
    this.#counts.set(host, this.of(host) + 1);
  }
}
