import { AsyncSubject, catchError, defer, EMPTY, Observable, tap } from 'rxjs';
import { type RxmeshError, toRxmeshError } from '../model/error.ts';
import type { Connection, Transport } from '../transport/transport.ts';

/** What a `Listening` works with. */
export interface ListeningOptions {
  readonly transports: readonly Transport[];
  /** Hears why a transport could not listen, or no longer. */
  readonly onFailure: (error: RxmeshError, transport: Transport) => void;
}

/** Watches transports as they begin to listen. */
export class Listening {
  /** Completes when every transport listens or has nothing to listen to; errors when one cannot. */
  readonly all$: Observable<never>;
  readonly #all = new AsyncSubject<never>();
  readonly #pending: Set<Transport>;
  readonly #options: ListeningOptions;

  constructor(options: ListeningOptions) {
    const { transports } = options;
    this.#options = options;
    this.all$ = this.#all.asObservable();
    this.#pending = new Set(transports);
    if (transports.length === 0) this.#all.complete();
  }

  /**
   * A transport's connections. An error is told, and is the end; of one that has never listened, it errors
   * `all$` as well.
   */
  watch(transport: Transport): Observable<Connection> {
    return new Observable((subscriber) => {
      // Before `endpoints$`, which may tell of somebody else who listens with this transport already.
      subscriber.add(this.#connections(transport).subscribe(subscriber));
      if (subscriber.closed) return;
      const endpoints = transport.endpoints$.subscribe({
        next: ({ length }) => {
          if (length > 0) this.#listens(transport);
        },
        error: (thrown: unknown) => this.#failed(thrown, transport),
      });
      subscriber.add(endpoints);
    });
  }

  #connections(transport: Transport): Observable<Connection> {
    return defer(() => transport.incoming$).pipe(
      tap({ complete: () => this.#listens(transport) }),
      catchError((thrown: unknown) => {
        this.#failed(thrown, transport);
        return EMPTY;
      }),
    );
  }

  #failed(thrown: unknown, transport: Transport): void {
    const error = toRxmeshError(thrown, 'RXMESH_LISTEN_FAILED', String(transport));
    this.#options.onFailure(error, transport);
    if (this.#pending.has(transport)) this.#all.error(error);
  }

  #listens(transport: Transport): void {
    this.#pending.delete(transport);
    if (this.#pending.size === 0) this.#all.complete();
  }
}
