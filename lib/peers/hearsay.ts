import { HostCounts } from './host-counts.ts';
import type { PeerLimits } from './limits.ts';
import type { KnownPeer } from './known-peer.ts';
import type { NodeAddress } from '../model/address.ts';
import { ipNetwork, isLoopbackIp } from '../model/ip.ts';
import { isInReach } from '../model/reach.ts';

/** The share of `maxPeers` that one host may bring. */
const shareOfHost = 1 / 16;

/**
 * Counts strangers by the host that brought them: peers whose addresses are known only from another
 * peer, and peers that were here and have left. Without a bound, one host with many identities
 * could replace all other strangers.
 */
export class Hearsay {
  readonly #limits: PeerLimits;
  readonly #counts = new HostCounts();

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  /** Whether this host may introduce another peer. Without a host there is no limit. */
  hasRoom(host: string | undefined): boolean {
    return host === undefined || this.#counts.of(host) < this.#mostOfHost();
  }

  /** Whether the host that brought this peer has brought too many. */
  isExcess({ toldBy }: KnownPeer): boolean {
    return toldBy !== undefined && this.#counts.of(toldBy) > this.#mostOfHost();
  }

  /** Recounts a peer that has changed. */
  update(peer: KnownPeer): void {
    this.#counts.set(peer, peer.toldBy);
  }

  /** Stops counting a peer. */
  remove(peer: KnownPeer): void {
    this.#counts.set(peer, undefined);
  }

  #mostOfHost(): number {
    return Math.ceil(this.#limits.maxPeers * shareOfHost);
  }
}

/**
 * What counts as the host of a connected peer: its network, or itself where there are no IPs.
 * `undefined` at a loopback address: that is this machine, or a proxy on it.
 */
export function hostOfPeer({ id, ips }: KnownPeer): string | undefined {
  const [ip] = ips.values();
  return ip === undefined ? id : hostOfIp(ip);
}

/** What counts as the host of an IP address; `undefined` for a loopback address. */
export function hostOfIp(ip: string): string | undefined {
  return isLoopbackIp(ip) ? undefined : ipNetwork(ip);
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
