import { defer, of } from 'rxjs';
import type { PeerStore } from '../peers/store/peer-store.ts';

/**
 * A peer store in memory that answers immediately, for nodes in virtual time: a database answers in
 * real time, and virtual time does not wait for it.
 *
 *     const net = simulate({
 *       nodes: 2,
 *       options: () => ({ peers: { store: simulatedStore() } }),
 *     });
 *
 * A node that is restarted has the same store as before, without what it had not written if it
 * crashed.
 */
export function simulatedStore(): PeerStore {
  const records = new Map<string, Uint8Array>();
  return {
    open: () => of(undefined),
    batch: (operations) =>
      defer(() => {
        for (const operation of operations) {
          if (operation.type === 'put') records.set(operation.key, operation.value.slice());
          else records.delete(operation.key);
        }
        return of(undefined);
      }),
    iterator: ({ gt, lt, limit }) => ({
      all: () =>
        defer(() => {
          const found = [...records].filter(([key]) => key > gt && key < lt);
          return of(found.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit));
        }),
    }),
  };
}

/** The same store, which ignores writes once `isCut`: what a killed process writes is lost. */
export function cuttableStore(store: PeerStore, isCut: () => boolean): PeerStore {
  return {
    open: () => store.open(),
    batch: (operations, options) => (isCut() ? of(undefined) : store.batch(operations, options)),
    iterator: (range) => store.iterator(range),
  };
}
