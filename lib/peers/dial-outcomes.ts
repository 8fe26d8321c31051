import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';
import { hasWorked, isExpired, noteFailure, type KnownAddress } from './address-book.ts';
import { retryDelayMs, type BackOff } from './back-off.ts';
import type { KnownPeer } from './known-peer.ts';
import type { PeerRules } from './options.ts';
import type { Roster } from './roster.ts';
import type { Decay } from './scores.ts';

/** Applies the outcomes of dials to addresses and peers. */
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
    // A persistent peer is never given up, even if retries are off.
    const minMs = retryMinMs === 0 ? retryMaxPersistentMs : retryMinMs;
    this.#backOffPersistent = { minMs, maxMs: retryMaxPersistentMs, jitterMs };
  }

  /**
   * Handles a connection that is ready. An outbound one proves that its address is good. An inbound
   * one proves that the peer is there, but not at which address, so all addresses get another
   * chance.
   */
  worked(peer: KnownPeer, direction: Direction, nowMs: number): void {
    peer.incompatibleUntilMs = 0;
    for (const known of peer.addresses) {
      if (direction === 'inbound' || known === peer.dialed) hasWorked(known);
    }
    if (direction === 'inbound') return;
    peer.wasReached = true;
    peer.lastDial = { atMs: nowMs, isGood: true };
  }

  /**
   * Makes the address wait, and also the peer if it is incompatible. An expired address is
   * forgotten. If it was the last one, the peer is forgotten too, unless it is persistent,
   * connected or being dialed.
   *
   * @param known `undefined` if no address is to blame
   */
  failed(
    peer: KnownPeer,
    known: KnownAddress | undefined,
    error: RxmeshError | undefined,
    nowMs: number,
  ): void {
    // For a persistent peer the back-off is enough: it may be restarting with another version.
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
    // If one dial worked and another failed at the same moment, the one that worked counts.
    if (lastDial?.atMs !== nowMs || !lastDial.isGood) {
      peer.lastDial = { atMs: nowMs, isGood: false };
    }
    if (peer.isPersistent || !isExpired(known, this.#rules.addressExpiryMs, nowMs)) return;
    peer.addresses.forget(known);
  }
}
