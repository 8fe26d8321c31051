import { concat, defer, ignoreElements, type Observable, of, Subject } from 'rxjs';
import type { PeerStore, StoreOperation, StoreRange } from '../../lib/index.ts';

/** A store in memory that can be told to fail, or not to answer until it is released. */
export class FakeStore implements PeerStore {
  readonly records: Map<string, Uint8Array> = new Map();
  /** The error of every call from now on. */
  failure: Error | undefined;
  readonly #batches: string[][] = [];
  readonly #reads: StoreRange[] = [];
  #held: Subject<never> | undefined;

  /** Lets calls wait until `release`. */
  hold(): void {
    this.#held = new Subject();
  }

  release(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.complete();
  }

  /** The batches that were begun since the last call: `put peer/aa`, `del ban/bb`. */
  newBatches(): string[][] {
    return this.#batches.splice(0);
  }

  /** The ranges that were read since the last call: `rxmesh/1/peer/ 1000`. */
  newReads(): string[] {
    return this.#reads.splice(0).map(({ gt, limit }) => `${gt} ${limit}`);
  }

  /** The keys of all records, each with two characters of the ID or range. */
  keys(): string[] {
    return [...this.records.keys()].map(short).sort();
  }

  open(): Observable<void> {
    return this.#answer(() => undefined);
  }

  batch(operations: StoreOperation[]): Observable<void> {
    this.#batches.push(operations.map(({ type, key }) => `${type} ${short(key)}`));
    return this.#answer(() => {
      for (const operation of operations) {
        if (operation.type === 'put') this.records.set(operation.key, operation.value);
        else this.records.delete(operation.key);
      }
    });
  }

  iterator(range: StoreRange): { all: () => Observable<[string, Uint8Array][]> } {
    this.#reads.push(range);
    const { gt, lt, limit } = range;
    const all = (): [string, Uint8Array][] => {
      const found = [...this.records].filter(([key]) => key > gt && key < lt);
      return found.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
    };
    return { all: () => this.#answer(all) };
  }

  #answer<T>(work: () => T): Observable<T> {
    const answer$ = defer(() => {
      if (this.failure !== undefined) throw this.failure;
      return of(work());
    });
    return this.#held === undefined ? answer$ : concat(this.#held.pipe(ignoreElements()), answer$);
  }
}

/** `peer/aa` for `rxmesh/1/peer/aaaa…`. */
function short(key: string): string {
  const [, , kind = '', rest = ''] = key.split('/', 4);
  return `${kind}/${rest.slice(0, 2)}`;
}
