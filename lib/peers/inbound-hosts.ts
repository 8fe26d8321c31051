import { ipNetwork } from '../model/ip.ts';
import { HostCounts } from './host-counts.ts';
import type { KnownPeer } from './known-peer.ts';

/** Counts the peers that have dialed this node, by host: an IPv4 address, or the /64 of IPv6. */
export class InboundHosts {
  readonly #counts = new HostCounts();

  /** How many peers are connected from the host of an IP address. */
  countAt(ip: string): number {
    return this.#counts.of(ipNetwork(ip));
  }

  add(peer: KnownPeer, ip: string): void {
    this.#counts.set(peer, ipNetwork(ip));
  }

  /** Stops counting a peer. Does nothing if it was not counted. */
  delete(peer: KnownPeer): void {
    this.#counts.set(peer, undefined);
  }
}
