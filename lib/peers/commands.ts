import { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { Admission } from './admission.ts';
import type { Evictions } from './evictions.ts';
import type { PeerCounts } from './limits.ts';
import type { PeerRules } from './options.ts';
import type { Roster } from './roster.ts';

/** What the application may do to peers at run time, apart from bans. */
export class Commands {
  readonly #rules: PeerRules;
  readonly #roster: Roster;
  readonly #evictions: Evictions;
  readonly #admission: Admission;

  /** @param rules the object that all parts share: `setCounts` changes it */
  constructor(rules: PeerRules, roster: Roster, evictions: Evictions, admission: Admission) {
    this.#rules = rules;
    this.#roster = roster;
    this.#evictions = evictions;
    this.#admission = admission;
  }

  /** Disconnects a peer; false if it has no link. It may be dialed again after the cool-down. */
  disconnect(id: NodeId): boolean {
    const peer = this.#roster.get(id);
    if (peer?.isConnected !== true) return false;
    const text = peer.isVisitor
      ? 'no slot is free for the peer: it could only ask for addresses'
      : 'the application disconnects the peer';
    this.#evictions.evict(peer, evictedError(text, id));
    return true;
  }

  /**
   * Forgets a peer: immediately, or once it is disconnected, or its dial has ended. False if it is
   * not known.
   */
  remove(id: NodeId, nowMs: number): boolean {
    const peer = this.#roster.get(id);
    if (peer === undefined || peer.isRemoved) return false;
    peer.isPersistent = false;
    peer.isChosen = false;
    peer.isRemoved = true;
    peer.addresses.clear();
    this.#evictions.evict(peer, evictedError('the application has removed the peer', id));
    this.#roster.revalued(peer, nowMs);
    this.#roster.forgetUnneeded(peer);
    return true;
  }

  /**
   * Makes a known peer persistent, or no longer so; false if it is not known.
   *
   * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`: there is no slot for one more
   */
  setPersistent(id: NodeId, isPersistent: boolean, nowMs: number): boolean {
    const peer = this.#roster.get(id);
    if (peer === undefined || peer.isRemoved) return false;
    if (isPersistent && !peer.isPersistent && !peer.isUnconditional) {
      this.#checkPersistent(this.#roster.slots.persistent + 1, this.#rules.maxConnected);
    }
    if (!isPersistent) peer.isPersistent = false;
    else if (!peer.isPersistent) peer.makePersistent(this.#rules, nowMs);
    this.#roster.revalued(peer, nowMs);
    this.#admission.shrink();
    this.#roster.forgetExcess();
    return true;
  }

  /**
   * Changes the limits that count peers. The lowest ranked peers beyond them are evicted or
   * forgotten.
   *
   * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`: more peers than `maxConnected` are persistent
   */
  setCounts(counts: PeerCounts): void {
    this.#checkPersistent(this.#roster.slots.persistent, counts.maxConnected);
    Object.assign(this.#rules, counts);
    this.#admission.shrink();
    this.#roster.forgetExcess();
  }

  #checkPersistent(count: number, maxConnected: number): void {
    if (count <= maxConnected) return;
    const text = `at most maxConnected (${maxConnected}) peers can be persistent, not ${count}`;
    throw new RxmeshError('RXMESH_OPTIONS_INVALID', text);
  }
}

function evictedError(text: string, peer: NodeId): RxmeshError {
  return new RxmeshError('RXMESH_PEER_EVICTED', text, { peer });
}
