import { ipNetwork } from '../model/ip.ts';
import type { KnownPeer } from './known-peer.ts';

/** Counts the peers that have dialed this node, by host: an IPv4 address, or the /64 of IPv6. */
export class InboundHosts {
  readonly #hosts = new Map<KnownPeer, string>();
  readonly #counts = new Map<string, number>();

  /** How many peers are connected from the host of an IP address. */
  countAt(ip: string): number {
    return this.#counts.get(ipNetwork(ip)) ?? 0;
  }

  add(peer: KnownPeer, ip: string): void {
    const host = ipNetwork(ip);
    this.#hosts.set(peer, host);
    this.#counts.set(host, (this.#counts.get(host) ?? 0) + 1);
  }

  /** Stops counting a peer. Does nothing if it was not counted. */
  delete(peer: KnownPeer): void {
    const host = this.#hosts.get(peer);
    if (host === undefined) return;
    this.#hosts.delete(peer);
    const count = (this.#counts.get(host) ?? 1) - 1;
    if (count > 0) this.#counts.set(host, count);
    else this.#counts.delete(host);
  }
}
