import type { NodeAddress } from '../../model/address.ts';
import type { NodeId } from '../../model/id.ts';
import type { AddressOrigin, KnownAddress } from '../address-book.ts';
import type { KnownPeer } from '../known-peer.ts';
import type { Amount, Decay } from '../scores.ts';

/**
 * What is stored of a peer. Times are relative to the moment of saving, because the node's clock
 * starts anew with each process.
 */
export interface SavedPeer {
  readonly id: NodeId;
  readonly addresses: readonly SavedAddress[];
  readonly behaviour: SavedAmount;
  readonly lastDial: { readonly agoMs: number; readonly isGood: boolean } | undefined;
  /** How long before it was last up; 0 if it was up. */
  readonly upAgoMs: number | undefined;
  /** The host that brought it, unless it was up, or the application has named it. */
  readonly toldBy: string | undefined;
  /** Whether it was ever dialed with success. */
  readonly wasReached: boolean;
}

/** An address, and the results of dialing it. */
export interface SavedAddress {
  readonly address: NodeAddress;
  readonly origin: AddressOrigin;
  readonly failures: number;
  /**
   * For how long it had been failing. The time until it is loaded again does not count: a node that
   * is off does not dial.
   */
  readonly failingForMs: number;
  readonly blame: SavedAmount;
}

/** A part of a score, and for how long it had been decaying. */
export interface SavedAmount {
  readonly value: number;
  readonly agoMs: number;
}

/** What to store of a peer. Configuration, waits and connections are left out. */
export function savedFrom(peer: KnownPeer, nowMs: number): SavedPeer {
  const { id, behaviour, lastDial, toldBy, wasReached } = peer;
  const seenMs = peer.seenMs(nowMs);
  return {
    id,
    addresses: Array.from(peer.addresses, (known) => savedAddress(known, nowMs)),
    behaviour: savedAmount(behaviour, nowMs),
    lastDial: lastDial && { agoMs: nowMs - lastDial.atMs, isGood: lastDial.isGood },
    upAgoMs: seenMs === undefined ? undefined : nowMs - seenMs,
    toldBy,
    wasReached,
  };
}

function savedAddress(known: KnownAddress, nowMs: number): SavedAddress {
  const { address, origin, failures, failingSinceMs, blame } = known;
  return {
    address,
    origin,
    failures,
    failingForMs: failures === 0 ? 0 : nowMs - failingSinceMs,
    blame: savedAmount(blame, nowMs),
  };
}

/**
 * Adds what was stored to what is known of a peer. Where both know something about dials, what has
 * happened since the start counts. All addresses are due: a restart ends all waits.
 *
 * @param savedAtMs when it was saved, on the present clock: possibly before its zero
 */
export function restoreInto(
  peer: KnownPeer,
  saved: SavedPeer,
  savedAtMs: number,
  nowMs: number,
  decay: Decay,
): void {
  for (const { address, origin, failures, failingForMs, blame } of saved.addresses) {
    peer.learn(address, origin);
    const known = peer.addresses.get(address);
    if (known === undefined || known === peer.dialed || known.failures > 0) continue;
    known.failures = failures;
    known.failingSinceMs = nowMs - failingForMs;
    known.blame = amountFrom(blame, savedAtMs);
  }
  const earlier = decay.valueAt(amountFrom(saved.behaviour, savedAtMs), nowMs);
  if (earlier !== 0) peer.behaviour = decay.plus(peer.behaviour, earlier, nowMs);
  const { lastDial, upAgoMs } = saved;
  if (lastDial !== undefined) {
    peer.lastDial ??= { atMs: savedAtMs - lastDial.agoMs, isGood: lastDial.isGood };
  }
  if (upAgoMs !== undefined) {
    peer.lastSeenMs ??= savedAtMs - upAgoMs;
    peer.upSinceMs ??= peer.lastSeenMs;
  }
  peer.wasReached ||= saved.wasReached;
  if (!peer.isChosen && peer.ready === undefined) peer.toldBy ??= saved.toldBy;
}

function savedAmount({ value, atMs }: Amount, nowMs: number): SavedAmount {
  return { value, agoMs: value === 0 ? 0 : nowMs - atMs };
}

function amountFrom({ value, agoMs }: SavedAmount, savedAtMs: number): Amount {
  return { value, atMs: savedAtMs - agoMs };
}
