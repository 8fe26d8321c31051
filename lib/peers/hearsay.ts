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
  readonly #counts = new Map<string, number>();
  readonly #counted = new Map<KnownPeer, string>();

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  /** Whether this host may introduce another peer. */
  hasRoom(host: string): boolean {
    return (this.#counts.get(host) ?? 0) < Math.ceil(this.#limits.maxPeers * shareOfHost);
  }

  /** Recounts a peer that has changed. */
  update(peer: KnownPeer): void {
    if (this.#counted.get(peer) === peer.toldBy) return;
    this.remove(peer);
    if (peer.toldBy === undefined) return;
    this.#counted.set(peer, peer.toldBy);
    this.#counts.set(peer.toldBy, (this.#counts.get(peer.toldBy) ?? 0) + 1);
  }

  /** Stops counting a peer. */
  remove(peer: KnownPeer): void {
    const host = this.#counted.get(peer);
    if (host === undefined) return;
    this.#counted.delete(peer);
    const count = (this.#counts.get(host) ?? 0) - 1;
    if (count > 0) this.#counts.set(host, count);
    else this.#counts.delete(host);
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
