import { ipNetwork, isLoopbackIp } from '../model/ip.ts';
import type { KnownPeer } from './known-peer.ts';
import type { PeerRules } from './options.ts';
import type { Roster } from './roster.ts';

/**
 * The places of a full node for newcomers, who may know no other node: they ask for addresses and
 * leave. A visitor takes no slot and replaces nobody, and afterwards nothing of it is remembered.
 * Peer exchange ends the visits.
 */
export class Visitors {
  readonly #rules: PeerRules;
  readonly #roster: Roster;

  constructor(rules: PeerRules, roster: Roster) {
    this.#rules = rules;
    this.#roster = roster;
  }

  /** Makes a peer that gets no slot a visitor; false if it must be refused. */
  enter(peer: KnownPeer, ip: string | undefined): boolean {
    // A peer with a place of its own, or one that is dialed, needs none.
    if (peer.isBusy || peer.isPersistent || peer.isVisitor) return false;
    if (this.#roster.slots.visitors >= (this.#rules.maxVisitors ?? 0)) return false;
    if (ip !== undefined && !isLoopbackIp(ip) && this.#hasOneOf(ipNetwork(ip))) return false;
    peer.isVisitor = true;
    return true;
  }

  /** Whether one is from this host: otherwise one host could take all places. */
  #hasOneOf(host: string): boolean {
    for (const { isVisitor, ips } of this.#roster.connected) {
      const ip = ips.get('inbound');
      if (isVisitor && ip !== undefined && ipNetwork(ip) === host) return true;
    }
    return false;
  }
}
