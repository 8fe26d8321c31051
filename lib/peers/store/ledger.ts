import { type Clock, dateOf } from '../../flow/clock.ts';
import { errorOf, RxmeshError } from '../../model/error.ts';
import { isNodeId, type NodeId } from '../../model/id.ts';
import { checkBanned, type CheckedBanned } from '../ban.ts';
import type { PeerTable } from '../peer-table.ts';
import type { StoreOperation } from './peer-store.ts';
import { type RecordKind, storeKey, type StoredRecord } from './record-store.ts';
import { decodeBan, decodePeer, encodeBan, encodePeer } from './records.ts';
import type { Unsaved, UnsavedParts } from './unsaved.ts';

/** A change of the store that is being made. */
export interface Change {
  readonly operation: StoreOperation;
  readonly unsaved: Unsaved;
  readonly key: string;
  /** Whether there was a record before. */
  readonly wasStored: boolean;
}

/**
 * Turns records into what the table knows, and back. A record has one date, that of its writing,
 * and all other times in it are relative to that. So a date that was set wrong makes the time
 * between writing and reading too long or, at worst, zero: no ban lasts longer than it would have.
 */
export class Ledger {
  readonly #self: NodeId;
  readonly #table: PeerTable;
  readonly #unsaved: UnsavedParts;
  readonly #clock: Clock;

  constructor(self: NodeId, table: PeerTable, unsaved: UnsavedParts, clock: Clock) {
    this.#self = self;
    this.#table = table;
    this.#unsaved = unsaved;
    this.#clock = clock;
  }

  /** How many records must be written or deleted. */
  get unsaved(): number {
    return this.#unsaved.peers.size + this.#unsaved.bans.size;
  }

  /**
   * Adds a stored record to the table, once. A record that is damaged, or about this node itself,
   * will be deleted.
   *
   * @returns the error of a damaged record
   */
  restore(kind: RecordKind, [key, value]: StoredRecord): RxmeshError | undefined {
    const unsaved = kind === 'peer' ? this.#unsaved.peers : this.#unsaved.bans;
    if (unsaved.isStored(key)) return undefined;
    unsaved.setStored(key, true);
    if (key === this.#self) {
      unsaved.changed(key);
      return undefined;
    }
    try {
      if (kind === 'peer') this.#restorePeer(key, value);
      else this.#restoreBan(key, value);
      return undefined;
    } catch (thrown) {
      unsaved.changed(key);
      const name = storeKey(kind, key);
      return errorOf(thrown, 'RXMESH_STORE_RECORD_INVALID', `the record ${name} is damaged`);
    }
  }

  /** Takes at most `limit` changes to make, those of bans first. Call `undo` if that fails. */
  take(limit: number): readonly Change[] {
    const nowMs = this.#clock.now();
    const savedAtMs = dateOf(this.#clock);
    const { bans, peers } = this.#unsaved;
    const banChanges = bans.take(limit).map((key) => {
      const forMs = this.#table.bannedUntil(key) - nowMs;
      const value = forMs > 0 ? encodeBan({ savedAtMs, saved: forMs }) : undefined;
      return changeOf('ban', bans, key, value);
    });
    const peerChanges = peers.take(limit - banChanges.length).map((key) => {
      const saved = isNodeId(key) ? this.#table.saved(key, nowMs) : undefined;
      return changeOf('peer', peers, key, saved && encodePeer({ savedAtMs, saved }));
    });
    return [...banChanges, ...peerChanges];
  }

  /** Handles a failure to make these changes: they must be made later. */
  undo(changes: readonly Change[]): void {
    for (const { unsaved, key, wasStored } of changes) {
      unsaved.setStored(key, wasStored);
      unsaved.changed(key);
    }
  }

  #restorePeer(key: string, value: Uint8Array): void {
    if (!isNodeId(key)) throw new RangeError('its key is not a node ID');
    const { savedAtMs, saved } = decodePeer(key, value);
    const nowMs = this.#clock.now();
    const isNew = this.#table.introductions.restore(saved, nowMs - this.#sinceMs(savedAtMs), nowMs);
    // Otherwise a start would write everything that it has just read.
    if (isNew && this.#table.knows(key)) this.#unsaved.peers.agrees(key);
  }

  #restoreBan(key: string, value: Uint8Array): void {
    const { savedAtMs, saved: forMs } = decodeBan(value);
    const banned = bannedOf(key);
    const restMs = forMs - this.#sinceMs(savedAtMs);
    if (restMs <= 0) {
      this.#unsaved.bans.changed(key);
      return;
    }
    const untilMs = this.#clock.now() + restMs;
    this.#table.ban(banned, untilMs);
    if (this.#table.bannedUntil(key) === untilMs) this.#unsaved.bans.agrees(key);
  }

  /** The time since a date; none if that is in the future. */
  #sinceMs(dateMs: number): number {
    return Math.max(0, dateOf(this.#clock) - dateMs);
  }
}

function changeOf(
  kind: RecordKind,
  unsaved: Unsaved,
  key: string,
  value: Uint8Array | undefined,
): Change {
  const wasStored = unsaved.isStored(key);
  // Now, not once it is done: what changes meanwhile must see it.
  unsaved.setStored(key, value !== undefined);
  const name = storeKey(kind, key);
  const operation: StoreOperation =
    value === undefined ? { type: 'del', key: name } : { type: 'put', key: name, value };
  return { operation, unsaved, key, wasStored };
}

/** Bans are stored under a node ID, or a range of IP addresses. */
function bannedOf(key: string): CheckedBanned {
  return checkBanned('the peer store', isNodeId(key) ? { id: key } : { ip: key });
}
