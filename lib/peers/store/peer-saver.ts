import {
  AsyncSubject,
  catchError,
  concat,
  defer,
  EMPTY,
  ignoreElements,
  type MonoTypeOperatorFunction,
  type Observable,
  Subject,
  type Subscription,
  tap,
  throwError,
} from 'rxjs';
import { type Clock, withDeadline } from '../../flow/clock.ts';
import { errorOf, RxmeshError } from '../../model/error.ts';
import type { StoreEvent } from '../../model/event.ts';
import type { Ledger } from './ledger.ts';
import type { PeerStore } from './peer-store.ts';
import { type RecordKind, recordsMax, RecordStore } from './record-store.ts';

/** How often changes are written, and how soon a store that has failed is tried again. */
const saveEveryMs = 1_000;

/** How long a start waits for the store, and how long a write takes before it is reported. */
const storeAnswerMs = 10_000;

/** How long a stop waits until the last changes are written. */
const lastSaveMs = 2_000;

/** What a saver works with. */
export interface PeerSaverOptions {
  readonly store: PeerStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Runs work that changes peers, and emits the results. */
  readonly change: (work: () => void) => void;
}

/**
 * Reads the store once, then writes what changes, about once a second. One read or write at a time.
 *
 *     changes  -a-ba--------c----
 *     batches  ------(ab)--------c     what a failed batch had is in the next one
 *
 * A store that cannot be read is tried again each second, and not written before that: otherwise
 * its old records would remain.
 */
export class PeerSaver {
  /** What went wrong. The node carries on with what it has in memory. */
  readonly events$: Observable<StoreEvent>;
  readonly #events = new Subject<StoreEvent>();
  readonly #records: RecordStore;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #change: (work: () => void) => void;
  /** Completes when the present read or write is over, or takes too long to wait for. */
  #running: Observable<never> | undefined;
  #timer: Subscription | undefined;
  /** Runs out when the present read or write takes too long. */
  #late: Subscription | undefined;
  #state: 'new' | 'begun' | 'loaded' | 'closed' = 'new';
  #isFailing = false;
  #hasSeenNewer = false;

  constructor({ store, ledger, clock, change }: PeerSaverOptions) {
    this.#records = new RecordStore(store);
    this.#ledger = ledger;
    this.#clock = clock;
    this.#change = change;
    this.events$ = this.#events.asObservable();
  }

  /** Reads the store. Completes when that is done or has failed, or takes too long to wait for. */
  load(): Observable<never> {
    return defer(() => {
      if (this.#state === 'new') this.#state = 'begun';
      return this.#run();
    });
  }

  /** Something must be written. */
  changed(): void {
    this.#setTimer();
  }

  /** Writes what is left. Completes when that is done or has failed, or takes too long. */
  save(): Observable<never> {
    const late = (): RxmeshError => lateError(lastSaveMs, 'the last changes may be lost');
    return concat(
      defer(() => this.#running ?? EMPTY),
      defer(() => (this.#hasWork() && this.#state === 'loaded' ? this.#run() : EMPTY)),
    ).pipe(
      withDeadline(this.#clock, lastSaveMs, late),
      catchError((thrown: unknown) => this.#failed(thrown)),
    );
  }

  /** Writes no more, and completes the events. */
  close(): void {
    this.#state = 'closed';
    this.#timer?.unsubscribe();
    this.#late?.unsubscribe();
    this.#events.complete();
  }

  #hasWork(): boolean {
    if (this.#state === 'loaded') return this.#ledger.unsaved > 0;
    return this.#state === 'begun';
  }

  #setTimer(): void {
    if (this.#running !== undefined || this.#timer !== undefined || !this.#hasWork()) return;
    this.#timer = this.#clock.schedule(() => this.#run(), saveEveryMs);
  }

  /** Reads or writes. If one of these is going on, it is joined instead. */
  #run(): Observable<never> {
    if (this.#running !== undefined) return this.#running;
    const over = new AsyncSubject<never>();
    this.#running = over.asObservable();
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    this.#late = this.#clock.schedule(() => {
      this.#failed(lateError(storeAnswerMs, 'the node carries on meanwhile'));
      over.complete();
    }, storeAnswerMs);
    const work$ = this.#state === 'loaded' ? this.#write() : this.#read();
    work$
      .pipe(
        tap({ complete: () => (this.#isFailing = false) }),
        catchError((thrown: unknown) => this.#failed(thrown)),
      )
      .subscribe({
        complete: () => {
          this.#late?.unsubscribe();
          this.#running = undefined;
          this.#setTimer();
          over.complete();
        },
      });
    return over;
  }

  #read(): Observable<never> {
    return concat(
      this.#records.open().pipe(blame('opened')),
      concat(this.#restore('ban'), this.#restore('peer'), this.#lookForNewer()).pipe(blame('read')),
      defer(() => {
        if (this.#state === 'begun') this.#state = 'loaded';
        return EMPTY;
      }),
    );
  }

  #restore(kind: RecordKind): Observable<never> {
    return this.#records.read(kind).pipe(
      tap((records) => {
        if (this.#state === 'closed') return;
        this.#change(() => {
          for (const record of records) {
            const error = this.#ledger.restore(kind, record);
            if (error !== undefined) this.#events.next({ type: 'store-record-skipped', error });
          }
        });
      }),
      ignoreElements(),
    );
  }

  #lookForNewer(): Observable<never> {
    return this.#records.newer().pipe(
      tap((key) => {
        if (key === undefined || this.#hasSeenNewer) return;
        this.#hasSeenNewer = true;
        const text = `a newer version of rxmesh has written ${key}: such records are left alone`;
        const error = new RxmeshError('RXMESH_STORE_RECORD_NEWER', text);
        this.#events.next({ type: 'store-record-skipped', error });
      }),
      ignoreElements(),
    );
  }

  #write(): Observable<never> {
    return defer(() => {
      const changes = this.#ledger.take(recordsMax);
      if (changes.length === 0) return EMPTY;
      const batch = this.#records
        .write(changes.map(({ operation }) => operation))
        .pipe(tap({ error: () => this.#ledger.undo(changes) }), blame('written'));
      // What changes from now on waits for the next time, unless there is a backlog.
      return changes.length < recordsMax ? batch : concat(batch, this.#write());
    });
  }

  #failed(thrown: unknown): Observable<never> {
    if (this.#isFailing) return EMPTY;
    this.#isFailing = true;
    const error = errorOf(thrown, 'RXMESH_STORE_FAILED', 'the peer store has failed');
    this.#events.next({
      type: 'store-failed',
      error: thrown instanceof RxmeshError ? thrown : error,
    });
    return EMPTY;
  }
}

/** Says what could not be done with the store. abstract-level has the reason in its cause. */
function blame<T>(what: string): MonoTypeOperatorFunction<T> {
  return catchError((thrown: unknown) => {
    const reason = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
    const text = `the peer store could not be ${what}`;
    return throwError(() => errorOf(reason, 'RXMESH_STORE_FAILED', text));
  });
}

function lateError(ms: number, consequence: string): RxmeshError {
  const text = `the peer store has not answered for ${ms} ms: ${consequence}`;
  return new RxmeshError('RXMESH_STORE_FAILED', text);
}
