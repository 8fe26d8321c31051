import type { ObservableInput } from 'rxjs';

/** One change of a batch. */
export type StoreOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

/** How keys and values are passed, whatever the encodings of the database. */
export interface StoreEncodings {
  readonly keyEncoding: 'utf8';
  readonly valueEncoding: 'view';
}

/** A range of keys in order, without `gt` and `lt` themselves. */
export interface StoreRange extends StoreEncodings {
  readonly gt: string;
  readonly lt: string;
  /** The most records to read. */
  readonly limit: number;
}

/**
 * Where a node keeps its peers: the part of an abstract-level database that it uses. `ClassicLevel`
 * (Node), `BrowserLevel` (browsers), `MemoryLevel` and their sublevels have it. A store of your own
 * may answer with promises or Observables.
 */
export interface PeerStore {
  /** Opens the database, or waits until it is open. */
  open(): ObservableInput<void>;
  /** Makes all changes or none. */
  batch(operations: StoreOperation[], options: StoreEncodings): ObservableInput<void>;
  /** Reads a range of records. */
  iterator(range: StoreRange): { all(): ObservableInput<[key: string, value: Uint8Array][]> };
}

/** Whether a value passed in by a user is a peer store. */
export function isPeerStore(value: unknown): value is PeerStore {
  if (typeof value !== 'object' || value === null) return false;
  return ['open', 'batch', 'iterator'].every(
    (name) => typeof Reflect.get(value, name) === 'function',
  );
}
