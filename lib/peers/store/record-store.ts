import { defer, EMPTY, expand, ignoreElements, map, type Observable } from 'rxjs';
import type { PeerStore, StoreEncodings, StoreOperation } from './peer-store.ts';

/** The most records that are read at a time, and the most that are written in one batch. */
export const recordsMax = 1_000;

/** The kinds of records. */
export type RecordKind = 'peer' | 'ban';

/** A record as it is stored: for `rxmesh/1/peer/<node ID>`, the node ID and the value. */
export type StoredRecord = readonly [key: string, value: Uint8Array];

/**
 * All keys begin with the name of the library, so that a database may hold other things too, and
 * the version of the records.
 */
const ours = 'rxmesh/1';

const encodings: StoreEncodings = { keyEncoding: 'utf8', valueEncoding: 'view' };

/** The key of a record in the database. */
export function storeKey(kind: RecordKind, key: string): string {
  return `${ours}/${kind}/${key}`;
}

/** The records of a node in its store. Nothing happens before a subscription. */
export class RecordStore {
  readonly #store: PeerStore;

  constructor(store: PeerStore) {
    this.#store = store;
  }

  open(): Observable<never> {
    return defer(() => this.#store.open()).pipe(ignoreElements());
  }

  /** Makes all changes or none. */
  write(operations: readonly StoreOperation[]): Observable<never> {
    return defer(() => this.#store.batch([...operations], encodings)).pipe(ignoreElements());
  }

  /** All records of a kind, in arrays of at most `recordsMax`. */
  read(kind: RecordKind): Observable<readonly StoredRecord[]> {
    const prefix = storeKey(kind, '');
    const end = `${prefix}~`;
    return this.#range(prefix, end, recordsMax).pipe(
      expand((records) => {
        const last = records[recordsMax - 1];
        return last === undefined ? EMPTY : this.#range(last[0], end, recordsMax);
      }),
      map((records) => records.map(([key, value]) => [key.slice(prefix.length), value] as const)),
    );
  }

  /** The key of a record that a newer version of the library has written, if there is one. */
  newer(): Observable<string | undefined> {
    // The keys of this version begin with `rxmesh/1/`, and `/` comes before digits.
    return this.#range(`${ours}/~`, 'rxmesh/~', 1).pipe(map(([record]) => record?.[0]));
  }

  #range(gt: string, lt: string, limit: number): Observable<readonly StoredRecord[]> {
    return defer(() => this.#store.iterator({ gt, lt, limit, ...encodings }).all());
  }
}
