import { AsyncSubject, Observable } from 'rxjs';
import { toRxmeshError } from '../model/error.ts';
import type { Connection, Transport } from '../transport/transport.ts';

/** Watches transports as they begin to listen. */
export class Listening {
  /** Completes when every transport listens or has nothing to listen to; errors when one cannot. */
  readonly all$: Observable<never>;
  readonly #all = new AsyncSubject<never>();
  readonly #pending: Set<Transport>;

  constructor(transports: readonly Transport[]) {
    this.all$ = this.#all.asObservable();
    this.#pending = new Set(transports);
    if (transports.length === 0) this.#all.complete();
  }

  /** A transport's `incoming$`, watched. */
  watch(transport: Transport): Observable<Connection> {
    return new Observable((subscriber) => {
      // Before `endpoints$`, which may tell of somebody else who listens with this transport already.
      subscriber.add(
        transport.incoming$.subscribe({
          next: (connection) => subscriber.next(connection),
          error: (thrown: unknown) => {
            const error = toRxmeshError(thrown, 'RXMESH_LISTEN_FAILED', String(transport));
            this.#all.error(error);
            subscriber.error(error);
          },
          complete: () => {
            this.#listens(transport);
            subscriber.complete();
          },
        }),
      );
      subscriber.add(
        transport.endpoints$.subscribe((endpoints) => {
          if (endpoints.length > 0) this.#listens(transport);
        }),
      );
    });
  }

  #listens(transport: Transport): void {
    this.#pending.delete(transport);
    if (this.#pending.size === 0) this.#all.complete();
  }
}
