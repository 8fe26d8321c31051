import { HostCounts } from './host-counts.ts';
import type { PeerLimits } from './limits.ts';
import type { KnownPeer } from './known-peer.ts';
import type { NodeAddress } from '../model/address.ts';
import { ipNetwork } from '../model/ip.ts';
import { isInReach } from '../model/reach.ts';

/** The share of `maxPeers` that may come from one host. */
const shareOfHost = 1 / 16;

/**
 * Counts the peers whose addresses are known only from other peers, by the host of the peer that
 * passed them on. A peer that has been up, or that the application has named, no longer counts.
 */
export class Hearsay {
  readonly #limits: PeerLimits;
  readonly #counts = new HostCounts();

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  /** Whether this host may introduce another peer. */
  hasRoom(host: string): boolean {
    return this.#counts.of(host) < Math.ceil(this.#limits.maxPeers * shareOfHost);
  }

  /** Recounts a peer that has changed. */
  update(peer: KnownPeer): void {
    this.#counts.set(peer, peer.toldBy);
  }

  /** Stops counting a peer. */
  remove(peer: KnownPeer): void {
    this.#counts.set(peer, undefined);
  }
}

/** What counts as the host of a connected peer: its network, or itself where there are no IPs. */
export function hostOfPeer({ id, ips }: KnownPeer): string {
  const [ip] = ips.values();
  return ip === undefined ? id : ipNetwork(ip);
}

/**
 * Whether a connected peer could dial an address, judged by the peer's own IP address. A peer on
 * the internet gets no addresses of private networks, and is not believed about them.
 */
export function isInReachOf({ ips }: KnownPeer, address: NodeAddress): boolean {
  const [ip] = ips.values();
  const { protocol } = address;
  return ip === undefined || isInReach(address, { local: { protocol }, remote: { protocol, ip } });
}
