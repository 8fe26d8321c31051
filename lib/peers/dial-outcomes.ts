import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';
import { hasWorked, isExpired, noteFailure, type KnownAddress } from './address-book.ts';
import { retryDelayMs, type BackOff } from './back-off.ts';
import type { KnownPeer } from './known-peer.ts';
import type { PeerRules } from './options.ts';
import type { Roster } from './roster.ts';
import type { Decay } from './scores.ts';

/** What becomes of addresses when they were dialed. */
export class DialOutcomes {
  readonly #rules: PeerRules;
  readonly #roster: Roster;
  readonly #decay: Decay;
  readonly #random: () => number;
  readonly #backOff: BackOff;
  readonly #backOffPersistent: BackOff;

  constructor(rules: PeerRules, roster: Roster, decay: Decay, random: () => number) {
    this.#rules = rules;
    this.#roster = roster;
    this.#decay = decay;
    this.#random = random;
    const { retryMinMs, retryMaxMs, retryMaxPersistentMs, retryJitterMs: jitterMs } = rules;
    this.#backOff = { minMs: retryMinMs, maxMs: retryMaxMs, jitterMs };
    // A persistent peer is never given up, even where retries are off.
    const minMs = retryMinMs === 0 ? retryMaxPersistentMs : retryMinMs;
    this.#backOffPersistent = { minMs, maxMs: retryMaxPersistentMs, jitterMs };
  }

  /**
   * A connection is ready. It proves that its address is good; one that the peer has dialed proves
   * that the peer is there, at whatever address.
   */
  worked(peer: KnownPeer, direction: Direction, nowMs: number): void {
    peer.incompatibleUntilMs = 0;
    for (const known of peer.addresses) {
      if (direction === 'inbound' || known === peer.dialed) hasWorked(known);
    }
    if (direction === 'outbound') peer.lastDial = { atMs: nowMs, isGood: true };
  }

  /**
   * Makes the address wait, and the peer too if it does not fit to this node. An address that has
   * failed for too long is forgotten, and a peer without one that nobody is connected to.
   *
   * @param known undefined: no address of it is to blame
   */
  failed(
    peer: KnownPeer,
    known: KnownAddress | undefined,
    error: RxmeshError | undefined,
    nowMs: number,
  ): void {
    // The back-off of a persistent peer is enough: it may be restarting with another version.
    if (error?.code === 'RXMESH_INCOMPATIBLE' && !peer.isPersistent) {
      peer.incompatibleUntilMs = nowMs + this.#rules.incompatibleMs;
    }
    if (known !== undefined) this.#blame(peer, known, nowMs);
    this.#roster.revalued(peer, nowMs);
    const isOfNoUse = known !== undefined && peer.addresses.size === 0;
    if (isOfNoUse && !peer.isPersistent && !peer.isBusy) this.#roster.forget(peer);
  }

  #blame(peer: KnownPeer, known: KnownAddress, nowMs: number): void {
    noteFailure(known, nowMs);
    known.blame = this.#decay.plus(known.blame, 1, nowMs);
    const backOff = peer.isPersistent ? this.#backOffPersistent : this.#backOff;
    known.retryAtMs = nowMs + retryDelayMs(known.backOffs, backOff, this.#random);
    const { lastDial } = peer;
    // A dial that has worked counts, where another one failed at the same moment.
    if (lastDial?.atMs !== nowMs || !lastDial.isGood) {
      peer.lastDial = { atMs: nowMs, isGood: false };
    }
    if (peer.isPersistent || !isExpired(known, this.#rules.addressExpiryMs, nowMs)) return;
    peer.addresses.forget(known);
  }
}
